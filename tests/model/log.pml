/* The log of a room with a history: people speak, and come back after their
 * connection, the keeper or the whole server was lost. It models section 5b of
 * PROTOCOL.md as server/room/archive, server/store and client/session/catchup
 * implement it: append before delivery. README.md lists what is left out; run.py
 * sets the size of each run and the planted faults (BUG_...). */

#ifndef PEOPLE
#define PEOPLE 2
#endif
#ifndef SAY
#define SAY 2		/* messages of each */
#endif
#ifndef CRASHES
#define CRASHES 0	/* the server is killed, and started again */
#endif
#ifndef DEATHS
#define DEATHS 0	/* the keeper alone */
#endif
#ifndef CUTS
#define CUTS 0		/* a connection */
#endif

#define ALL (PEOPLE * SAY)
#define LEN (ALL + 2)	/* with room for what a fault doubles */

/* A message is a number: who * SAY + which + 1. 0 is none. */
#define WHO(x)   (((x) - 1) / SAY)
#define WHICH(x) (((x) - 1) % SAY)

/* --- the server ----------------------------------------------------------- */

byte disk[LEN], on_disk;	/* committed */
byte log[LEN], n_log;		/* what the relay has accepted, in order */
byte taken;	/* of it: the keeper has it, and may commit it */
byte told;	/* of it: the keeper has said that it is committed */
bit there[PEOPLE];	/* a connection, */
byte head[PEOPLE];	/* with which the log was so long */

/* --- each person's client -------------------------------------------------- */

bit in[PEOPLE];		/* it was told the head */
bit ready[PEOPLE];	/* it has read up to there, and speaks */
byte got[PEOPLE];	/* entries, each of which it has shown */
byte acked[PEOPLE];	/* its own among them */
byte sent[PEOPLE];	/* of its own, by this connection */
chan wire[PEOPLE] = [SAY] of { byte };

/* --- only for the checks --------------------------------------------------- */

byte truth[LEN];	/* what somebody was shown there, or knows the chain of */
byte crashes, deaths, cuts;

#ifdef BUG_DELIVERED_WHEN_ACCEPTED
#define READABLE n_log
#else
#define READABLE told
#endif

/* Somebody knows what stands there. It is never to be anything else. */
inline knows(at, x)
{
	assert(x != 0 && (truth[at] == 0 || truth[at] == x));
	truth[at] = x
}

inline lose(c)
{
	there[c] = 0;
	in[c] = 0;
	ready[c] = 0;
	head[c] = 0;
#ifndef BUG_SENT_IS_KEPT
	sent[c] = 0;
#endif
	do
	:: len(wire[c]) > 0 -> wire[c]?_
	:: else -> break
	od;
	skip
}

/* The next entry, from the history or live: a client takes both in the log's
 * order. Its own entry is its acknowledgement. */
inline hear(c, x)
{
	x = log[got[c]];
	knows(got[c], x);
	got[c]++;
	if
	:: WHO(x) == c ->
		assert(WHICH(x) == acked[c]);	/* in order, and once */
		acked[c]++
	:: else
	fi;
	x = 0
}

#define DONE (on_disk == ALL && told == ALL)

active proctype Relay()
{
	byte i, x;

	do
	:: atomic {	/* a frame is accepted */
		(n_log < LEN) && (len(wire[0]) > 0 || len(wire[PEOPLE - 1]) > 0) ->
		if
		:: len(wire[0]) > 0 -> wire[0]?x
		:: len(wire[PEOPLE - 1]) > 0 -> wire[PEOPLE - 1]?x
		fi;
		log[n_log] = x;
		n_log++;
		x = 0
	}
	:: atomic { taken < n_log -> taken++ }
	:: atomic {	/* some of what the keeper has is committed */
		on_disk < taken ->
		x = log[on_disk];
		for (i : 0 .. LEN - 1) {
			assert(i >= on_disk || disk[i] != x)	/* not twice */
		}
		disk[on_disk] = x;
		on_disk++;
		i = 0;
		x = 0
	}
#ifdef BUG_TOLD_WHEN_TAKEN
	:: atomic { told < taken -> told = taken }
#else
	:: atomic { told < on_disk -> told = on_disk }
#endif
	:: atomic {	/* the server is killed: memory is lost, the disk is not */
		crashes < CRASHES ->
		crashes++;
		for (i : 0 .. LEN - 1) {
			assert(truth[i] == 0 ||
			    (i < on_disk && disk[i] == truth[i]));
			if
			:: i >= on_disk -> log[i] = 0
			:: else
			fi
		}
		n_log = on_disk;
		taken = on_disk;
		told = on_disk;
		for (i : 0 .. PEOPLE - 1) {
			lose(i)
		}
		i = 0
	}
	/* The keeper is killed, and gets again what is not committed. */
	:: atomic { deaths < DEATHS && taken > on_disk -> deaths++; taken = on_disk }
	:: atomic { DONE -> break }
	od
}

proctype Person(byte c)
{
	byte x;

	do
	:: atomic {
		!there[c] ->
		there[c] = 1;
#ifdef BUG_HEAD_WITHOUT_WHAT_WAITS
		head[c] = told
#else
		head[c] = n_log
#endif
	}
	/* It is told the head of the log, which is also its chain. */
#ifdef BUG_HEAD_BEFORE_THE_COMMIT
	:: atomic {
		there[c] && !in[c] ->
#else
	:: atomic {
		there[c] && !in[c] && told >= head[c] ->
#endif
		assert(head[c] >= got[c]);	/* or it were a shorter log */
		in[c] = 1;
		if
		:: head[c] > 0 -> knows(head[c] - 1, log[head[c] - 1])
		:: else
		fi
	}
	:: atomic { in[c] && got[c] < READABLE -> hear(c, x) }
#ifdef BUG_SAID_AGAIN_AT_ONCE
	:: atomic { in[c] && !ready[c] ->
#else
	:: atomic { in[c] && !ready[c] && got[c] >= head[c] ->
#endif
		ready[c] = 1;
		if
		:: sent[c] < acked[c] -> sent[c] = acked[c]
		:: else
		fi
	}
	:: atomic {
		ready[c] && sent[c] < SAY ->
		wire[c]!(c * SAY + sent[c] + 1);
		sent[c]++
	}
	:: atomic { there[c] && cuts < CUTS -> cuts++; lose(c) }
	:: atomic { DONE && got[c] == ALL && acked[c] == SAY -> break }
	od
}

init {
	byte i;

	atomic {
		for (i : 0 .. PEOPLE - 1) {
			run Person(i)
		}
	}
}
