/* A room of conclave/1: members join, leave, lose their connection and
 * reconnect while messages are in flight. It models PROTOCOL.md sections 4 and
 * 5 as server/room and client/session implement them. README.md lists what is
 * left out; run.py sets the size of each run and the planted faults (BUG_...).
 *
 * A secret is represented by its epoch's number. A member who has it can
 * derive the next one if that is a join step, and no other. */

#ifndef PERSONS
#define PERSONS 3
#endif
#ifndef STARTERS
#define STARTERS 2	/* in the room, in epoch 1, at the start */
#endif
#ifndef CONNS
#define CONNS PERSONS	/* member ids; one more per reconnect */
#endif
#ifndef SAY0
#define SAY0 2		/* messages per person */
#endif
#ifndef SAY1
#define SAY1 1
#endif
#ifndef SAY2
#define SAY2 0
#endif
#ifndef SAY3
#define SAY3 0
#endif
#ifndef LEAVES
#define LEAVES 0	/* at most this many send a bye, any of them */
#endif
#ifndef KICKS
#define KICKS 0
#endif
#ifndef CUTS
#define CUTS 0		/* lost connections, each followed by a reconnect */
#endif
#ifndef TIMERS
#define TIMERS 0	/* fresh secrets because of age */
#endif
#ifndef MUTES
#define MUTES 0		/* somebody may not speak; may end again */
#endif
#ifndef AGAIN
#define AGAIN 0		/* leaves the room and enters it, on one connection */
#endif
#ifndef LOG
#define LOG 4		/* frames that the relay can accept in all */
#endif
#ifndef DEPTH
#define DEPTH 14
#endif

#define BIT(n) (1 << (n))
#define HAS(set, n) ((set) & BIT(n))
#define NOBODY 15

mtype = { HELLO, FRESH, JOIN, LEAVE, GROUP, ACK, KICKED, BYE, VOICE, PART,
	PARTED, ENTER };

/* HELLO  epoch, people, mute     a wrapped secret and the list
 * FRESH  epoch                   key_exchange for who remains
 * JOIN   sealed in, epoch, people
 * LEAVE  sealed in, epoch, people
 *                                each announces the roster of its epoch too
 * GROUP  epoch, sender, seq, offset; log_roster is what the sender signed
 * ACK    seq
 * KICKED                         the bye
 * VOICE  may it speak, from the next FRESH on
 * PARTED                         room_leave is done */
chan down[CONNS] = [DEPTH] of { mtype, byte, byte, byte, byte };
/* GROUP  epoch, seq, content, the sender's roster; BYE; PART: room_leave;
 * ENTER: room_join */
chan up[CONNS] = [DEPTH] of { mtype, byte, byte, byte, byte };

/* --- the relay ------------------------------------------------------------ */

byte epoch = 1, fence = 1;
byte in = BIT(STARTERS) - 1;	/* announced to the others; one that left stays
				 * until */
byte left;			/* the rekey; these are sent nothing any more */
byte waiting;			/* handshake done, no epoch yet */
byte first[CONNS];		/* epoch */
byte rseq[CONNS];		/* last accepted seq */
byte due;			/* an ack is due */
#define STEP 1
#define RANDOM 2
byte prepared, coming;		/* first half of a rekey done, and for whom */
byte wrapped;			/* of those, who has a wrapped key */
bit interrupted;		/* wraps were discarded: the next is fresh */
byte roster[8];			/* of each epoch, as announced; 0: forgotten */
byte mute;			/* may not speak, by the acts so far */
byte barred;			/* ... in the epochs from the fence on */
bit voices;			/* an act changed who may: a fresh key is due */

/* --- each person's client ------------------------------------------------- */

byte conn[PERSONS] = NOBODY;	/* its member id */
byte next_conn = STARTERS;
byte texts[PERSONS];		/* how many messages it will send */
bit asked[PERSONS], joined[PERSONS], out[PERSONS]; /* out: left for good */
bit hushed[PERSONS], regained[PERSONS]; /* may not speak; may after the key */
bit parting[PERSONS];	/* has asked to leave the room */
byte keys[PERSONS];		/* epochs whose secret it holds */
byte newest[PERSONS];
byte people[PERSONS];		/* the roster */
byte base[PERSONS];		/* contents acknowledged, over all
				 * connections */
byte acked[PERSONS];		/* seq, of this connection */
byte nsealed[PERSONS];		/* unacknowledged messages sealed in this
				 * epoch */

/* Shared by both: cut connections, connections nobody reads, owners. */
byte cut, deaf;
byte owner[CONNS];

/* --- only for the checks -------------------------------------------------- */

/* Each is kept as small as its purpose allows, so that equivalent histories
 * are one state: only epochs since the fence, only log entries that a member
 * still has to receive, only nonces of the newest epoch. */
byte opens[CONNS];	/* epochs it can open with all it was ever sent */
byte noticed;		/* left, and the rekey is over */
byte used;		/* epochs with an accepted message */
byte n_log;
byte log_from[LOG], log_epoch[LOG], log_content[LOG], log_roster[LOG];
byte pos[CONNS];	/* first log entry not yet received */
byte nonces[CONNS];	/* seqs sealed in its newest epoch */
typedef per_sender { byte last[CONNS]; }
per_sender order[PERSONS];	/* seq; NOBODY: set by the first to arrive */
typedef per_person { byte content[PERSONS]; }
per_person shown[PERSONS];	/* the last content seen */
byte steady = BIT(STARTERS) - 1; /* persons who were never away */

byte may_leave, may_kick, may_cut, may_timer, may_mute, may_again;

/* Every sent frame can be opened, and a connection that has left gets nothing
 * but the bye. */
inline put(to_, what, p1, p2, p3, p4)
{
	assert(!HAS(left | noticed, to_) || what == KICKED || what == PARTED);
	if
	:: HAS(deaf, to_)	/* nobody reads it any more */
	:: else ->
		assert(len(down[to_]) < DEPTH);
		down[to_]!what, p1, p2, p3, p4
	fi
}

inline give_key(c, e)
{
	opens[c] = opens[c] | BIT(e);
	/* A newcomer cannot open anything from before it joined. */
	assert(HAS(in, c) || !(used & opens[c]));
}

inline acks(i)
{
	for (i : 0 .. CONNS - 1) {
		if
		:: HAS(due, i) && !HAS(left | noticed, i) ->
			put(i, ACK, rseq[i], 0, 0, 0)
		:: else
		fi
	}
	due = 0
}

/* room_leave */
inline leaves(c)
{
	if
	:: HAS(waiting, c) ->
		waiting = waiting & ~BIT(c);
		noticed = noticed | BIT(c)
	:: else ->
		left = left | BIT(c)
	fi;
	do
	:: len(up[c]) > 0 -> up[c]?_, _, _, _, _
	:: else -> break
	od;
	skip	/* a d_step cannot end with a loop */
}

#ifdef BUG_OLD_FRAMES_TO_NEWCOMERS
#define READS(c, e) true
#else
#define READS(c, e) (first[c] <= e)
#endif

/* room_group, then judge: an honest client never causes a protocol error. */
inline accept(c, e, s, x, people_, i)
{
	assert(e <= epoch && e >= first[c]);
	if
#ifndef BUG_NO_FENCE
	:: e < fence ->
#ifdef BUG_ACK_BEFORE_FENCE_CHECK
		rseq[c] = s;
		due = due | BIT(c)
#else
		skip
#endif
	:: else ->
#else
	:: true ->
#endif
		assert(s == rseq[c] + 1);
#ifdef BUG_MUTE_WITHOUT_FENCE
		assert(!HAS(mute, c));
#endif
		assert(!HAS(barred, c));
		/* A member whose leave was announced cannot open it. */
		for (i : 0 .. CONNS - 1) {
			assert(!HAS(noticed, i) || !HAS(opens[i], e))
		}
		rseq[c] = s;
		due = due | BIT(c);
		used = used | BIT(e);
		assert(n_log < LOG);
		log_from[n_log] = c;
		log_epoch[n_log] = e;
		log_content[n_log] = x;
		log_roster[n_log] = people_;
		for (i : 0 .. CONNS - 1) {
			if
			:: HAS(in & ~left, i) && i != c && READS(i, e) ->
				put(i, GROUP, e, c, s, n_log)
			:: else
			fi
		}
		n_log++
	fi
}

/* Members must get a fresh secret because somebody left. No wrap may keep it
 * waiting; the clocks, which may, are left out. */
#define OWED ((left != 0 || voices) && (in & ~left) != 0)
#define WRAPPED ((coming & waiting & ~wrapped) == 0)
#define STALE (prepared == STEP && (left != 0 || voices))
#if defined(BUG_LEAVE_WAITS_FOR_WRAPS)
#define POSTS (prepared != 0 && WRAPPED)
#else
#define POSTS (prepared != 0 && (WRAPPED || OWED || STALE))
#endif

inline discards()
{
	if
	:: (coming & waiting) != 0 -> interrupted = 1
	:: else
	fi;
	prepared = 0;
	coming = 0;
	wrapped = 0
}

inline nobody()
{
	discards();
	noticed = noticed | left;
	voices = 0;
	barred = mute;
	in = 0;
	left = 0
}

/* rekey_begin: chooses the next epoch's secret and the members it is wrapped
 * for. Wrapping takes a while. alone: a leave is due, so nobody is waited for. */
inline begins(age, alone)
{
	if
	:: (in & ~left) == 0 && waiting == 0 -> nobody()
	:: else ->
		coming = (alone -> 0 : waiting);
		prepared = STEP;
		if
		:: age || interrupted || voices || (in & ~left) == 0 ->
			prepared = RANDOM
#ifndef BUG_STEP_AT_LEAVE
		:: left != 0 -> prepared = RANDOM
#endif
		:: else
		fi;
		interrupted = interrupted && alone
	fi
}

/* Rosters that no client can meet any more are forgotten. */
#define MEETS(c, e) (first[c] != 0 && !HAS(deaf, c) && \
	(joined[owner[c]] -> e >= newest[owner[c]] || HAS(keys[owner[c]], e) : \
	 e >= first[c]))
inline forget_rosters(i, n)
{
	for (n : 0 .. 7) {
		i = 0;
		do
		:: i < CONNS && !MEETS(i, n) -> i++
		:: else -> break
		od;
		if
		:: i == CONNS && n != epoch -> roster[n] = 0
		:: else
		fi
	}
	i = 0;
	n = 0
}

inline rekey(i, n)
{
#ifndef BUG_NO_ACK_BEFORE_FENCE
	acks(i);
#endif
	fresh = prepared == RANDOM;
	to = epoch + 1;
#ifdef BUG_NO_JOIN_STEP
	to = (fresh || left != 0 -> to : epoch);
#endif
	assert(to < 8);
#ifdef BUG_ROSTER_WITH_LEAVER
	roster[to] = in | coming;
#else
	roster[to] = (in & ~left) | coming;
#endif
#ifdef BUG_STEP_SEALED_IN_NEW
	key = to;
#else
	key = (fresh || left != 0 -> to : epoch);
#endif
	for (i : 0 .. CONNS - 1) {
		if
		:: !fresh && HAS(opens[i], epoch) ->
			opens[i] = opens[i] | BIT(to)
		:: else
		fi;
		/* A member that left cannot open a later epoch. */
		assert(!HAS(left | noticed, i) || !HAS(opens[i], to))
	}
	for (i : 0 .. CONNS - 1) {
		if
#ifdef BUG_LEAVER_STILL_TOLD
		:: HAS(in, i) && HAS(left, i) && fresh ->
			down[i]!FRESH, to, 0, 0, 0;
			give_key(i, to);
			assert(!HAS(left, i) || !HAS(opens[i], to))
#endif
		:: HAS(in, i) && !HAS(left, i) ->
			if
			:: fresh ->
				put(i, FRESH, to, 0, 0, 0);
				give_key(i, to)
			:: else
			fi;
#ifdef BUG_STEP_AT_LEAVE
			if
			:: !fresh && left != 0 ->
				put(i, JOIN, epoch, to, 0, 0)
			:: else
			fi;
#endif
			if
			:: left != 0 -> put(i, LEAVE, to, to, left, 0)
			:: else
			fi;
			if
			:: coming != 0 ->
				put(i, JOIN, key, to, coming, 0)
			:: else
			fi
		:: else
		fi
	}
	in = in & ~left;
	noticed = (noticed | left) & ~(coming & wrapped);
	left = 0;
	epoch = to;
	used = used & BIT(to);
	if
	:: fresh ->
		fence = to;
		barred = mute;
		voices = 0;
#ifdef BUG_VOICE_AFTER_THE_KEY
		for (i : 0 .. CONNS - 1) {
			if
			:: HAS(mute, i) && HAS(in, i) -> put(i, VOICE, 0, 0, 0, 0)
			:: else
			fi
		}
#endif
		for (i : 0 .. CONNS - 1) {
			opens[i] = opens[i] & ~(BIT(to) - 1)
		}
	:: else
	fi;
	for (i : 0 .. CONNS - 1) {
		if
		:: HAS(coming & wrapped, i) ->
			first[i] = to;
			pos[i] = n_log;
			rseq[i] = 0;
			barred = (barred & ~BIT(i)) | (mute & BIT(i));
			put(i, HELLO, to, in | coming, HAS(mute, i) != 0, 0);
			give_key(i, to)
		:: else
		fi
	}
	in = in | coming;
#ifdef BUG_NEWCOMERS_FORGOTTEN
	waiting = 0;
#else
	waiting = waiting & ~coming;
#endif
	fresh = 0;
	to = 0;
	key = 0;
	forget_rosters(i, n)
}

/* rekey_post with those whose keys are wrapped, or rekey_cancel: a member that
 * left since the first half knows the step. */
inline posts(i, n)
{
	if
	:: (in & ~left) == 0 && waiting == 0 -> nobody()
#if !defined(BUG_STEP_AT_LEAVE) && !defined(BUG_STALE_STEP)
	:: STALE -> discards()
#endif
	:: else ->
		interrupted = interrupted || !WRAPPED;
		coming = coming & waiting;
#ifndef BUG_UNWRAPPED_COME
		coming = coming & wrapped;
#endif
		if
		:: coming != 0 || ((left != 0 || voices) && prepared == STEP) ||
		   (prepared == RANDOM && (in & ~left) != 0) -> rekey(i, n)
		:: else
		fi;
		prepared = 0;
		coming = 0;
		wrapped = 0
	fi;
	i = 0
}

/* The older connection of the same person is closed. */
inline enters(c, i)
{
	for (i : 0 .. CONNS - 1) {
		if
		:: i != c && owner[i] == owner[c] &&
		   HAS((in | waiting) & ~left, i) ->
			leaves(i)
		:: else
		fi
	}
	waiting = waiting | BIT(c);
	i = 0
}

byte entering;	/* handshakes done, not yet seen by the relay */

inline takes(c, i)
{
	up[c]?t, a, b, d, r;
	if
	:: t == BYE -> leaves(c)
	:: t == PART ->
		/* What was accepted is acknowledged before the room ends. */
#ifndef BUG_NO_ACK_BEFORE_PARTED
		if
		:: HAS(due, c) -> put(c, ACK, rseq[c], 0, 0, 0)
		:: else
		fi;
#endif
		due = due & ~BIT(c);
		leaves(c);
		put(c, PARTED, 0, 0, 0, 0)
	:: t == ENTER -> waiting = waiting | BIT(c)
	:: else -> accept(c, a, b, d, r, i)
	fi;
	t = 0; a = 0; b = 0; d = 0; r = 0; i = 0
}

/* A client with nothing left to send only receives, and nobody can observe
 * when. Do it at once: the same behaviour with far fewer states. */
#define HASTY(p) (!out[p] && asked[p] && base[p] == texts[p] && \
	may_cut == 0 && may_again == 0 && !parting[p] && \
	len(down[conn[p]]) > 0)
#if PERSONS > 3
#define CALM (!HASTY(0) && !HASTY(1) && !HASTY(2) && !HASTY(3))
#else
#define CALM (!HASTY(0) && !HASTY(1) && !HASTY(2))
#endif

/* A connection that has left the room is read again for its room_join. */
#if AGAIN > 0
#define READABLE(c) (0 < len(up[c]) && (up[c]?[ENTER] || \
	(HAS(in | waiting, c) && !HAS(left, c))))
#else
#define READABLE(c) (0 < len(up[c]) && HAS(in | waiting, c) && !HAS(left, c))
#endif

/* An act: the member is told first; the fresh key follows. */
inline mutes(c)
{
	may_mute--;
	mute = mute | BIT(c);
#ifndef BUG_MUTE_WITHOUT_FENCE
	voices = 1;
#endif
#ifndef BUG_VOICE_AFTER_THE_KEY
	put(c, VOICE, 0, 0, 0, 0)
#endif
}

/* Of one who is away as well, who then has nothing to be told. */
inline unmutes(c)
{
	mute = mute & ~BIT(c);
	if
	:: HAS(in & ~left, c) ->
		voices = 1;
		put(c, VOICE, 1, 0, 0, 0)
	:: else
	fi
}
#define LOST(c) (HAS(cut & (in | waiting) & ~left, c))
#define READ(c) \
	:: d_step { CALM && READABLE(c) -> takes(c, i) } \
	:: d_step { CALM && LOST(c) -> leaves(c) } \
	:: d_step { CALM && HAS(entering, c) -> \
		entering = entering & ~BIT(c); enters(c, i) } \
	:: d_step { CALM && may_kick > 0 && HAS(in & ~left, c) -> \
		may_kick--; leaves(c); put(c, KICKED, 0, 0, 0, 0) } \
	:: d_step { CALM && may_mute > 0 && HAS(in & ~left & ~mute, c) -> mutes(c) } \
	:: d_step { CALM && HAS(mute, c) -> unmutes(c) } \
	:: d_step { CALM && prepared != 0 && HAS(coming & waiting & ~wrapped, c) -> \
		assert(!OWED || POSTS); wrapped = wrapped | BIT(c) }

proctype Relay()
{
	mtype t = 0;
	byte a, b, d, r, i, to, key;
	bit fresh;

end:	do
	READ(0)
	READ(1)
#if CONNS > 2
	READ(2)
#endif
#if CONNS > 3
	READ(3)
#endif
#if CONNS > 4
	READ(4)
#endif
#ifndef BUG_ACKS_ONLY_AT_REKEYS
	:: d_step { CALM && due != 0 -> acks(i); i = 0 }
#endif
	:: d_step { CALM && prepared == 0 &&
		(left != 0 || waiting != 0 || (voices && in != 0)) ->
		begins(0, 0) }
	:: d_step { CALM && prepared == 0 && OWED && waiting != 0 -> begins(0, 1) }
	:: d_step { CALM && prepared == 0 && may_timer > 0 &&
		(in & ~left) != 0 -> may_timer--; begins(1, 0) }
	:: d_step { CALM && POSTS -> posts(i, r) }
	od
}

/* --- a client ------------------------------------------------------------- */

inline hangs_up(p)
{
	deaf = deaf | BIT(conn[p]);
	do
	:: len(down[conn[p]]) > 0 -> down[conn[p]]?_, _, _, _, _
	:: else -> break
	od;
	joined[p] = 0;
	keys[p] = 0;
	newest[p] = 0;
	people[p] = 0;
	steady = steady & ~BIT(p);
	acked[p] = 0;
	nsealed[p] = 0;
	nonces[conn[p]] = 0
}

/* Has left the room, on a connection that lives on. */
inline parted(p)
{
	parting[p] = 0;
	hushed[p] = 0;
	joined[p] = 0;
	keys[p] = 0;
	newest[p] = 0;
	people[p] = 0;
	steady = steady & ~BIT(p);
	acked[p] = 0;
	nsealed[p] = 0;
	nonces[conn[p]] = 0
}

inline ends(p)
{
	out[p] = 1;
	hangs_up(p)
}

/* Drops log entries once all have received them. */
inline forget(i)
{
	i = 0;
	do
	:: i < CONNS && (first[i] == 0 || HAS(deaf, i) || pos[i] == n_log ||
	   (pos[i] == n_log - 1 && log_from[pos[i]] == i)) -> i++
	:: else -> break
	od;
	if
	:: i == CONNS && n_log > 0 ->
		for (i : 0 .. CONNS - 1) {
			pos[i] = 0
		}
		for (i : 0 .. n_log - 1) {
			log_from[i] = 0;
			log_epoch[i] = 0;
			log_content[i] = 0;
			log_roster[i] = 0
		}
		n_log = 0
	:: else
	fi;
	i = 0
}

/* The roster that a client computed for an epoch. It is computed from its list
 * and compared with the announced one before the next epoch. */
#ifdef BUG_ROSTER_OF_THE_NEWEST
#define ROSTER(p, e) people[p]
#else
#define ROSTER(p, e) (e == newest[p] -> people[p] : roster[e])
#endif
#define AGREES(p) (people[p] == roster[newest[p]])

/* Checks a member's frame: nothing is missing, repeated or reordered; it
 * opens; its sender is known and signed the same roster; and its content is
 * new, or was already seen from an earlier connection. */
inline group(p, key, from, seq, at, i)
{
	assert(HAS(keys[p], key));
	assert(HAS(people[p], from));
	assert(AGREES(p) && log_roster[at] == ROSTER(p, key));
	i = pos[conn[p]];
	do
	:: i < at && (log_from[i] == conn[p] || log_epoch[i] < first[conn[p]]) ->
		i++
	:: else -> break
	od;
	assert(i == at);
	pos[conn[p]] = at + 1;
	assert(order[p].last[from] == NOBODY || seq == order[p].last[from] + 1);
	order[p].last[from] = seq;
	i = owner[from];
	if
#ifndef BUG_NO_IDS
	:: log_content[at] <= shown[p].content[i]
#endif
	:: else ->
		assert(!HAS(steady, p) ||
		    log_content[at] == shown[p].content[i] + 1);
		shown[p].content[i] = log_content[at]
	fi;
	forget(i)
}

inline hear(p, i)
{
	down[conn[p]]?t, a, b, d, e;
	if
	:: t == HELLO ->
		keys[p] = BIT(a);
		newest[p] = a;
		people[p] = b;
		assert(AGREES(p));
		joined[p] = 1;
#ifndef BUG_MUTE_FORGOTTEN_AT_ENTRY
		hushed[p] = d;
#endif
		regained[p] = 0;
		texts[p] = (hushed[p] -> base[p] : texts[p]);
		for (i : 0 .. CONNS - 1) {
			order[p].last[i] = NOBODY
		}
	:: t == FRESH ->
		assert(a > newest[p] && AGREES(p));
		/* Every ack that can still come has come: what is not
		 * acknowledged was not sent, and is taken back. */
		if
		:: hushed[p] ->
			assert(rseq[conn[p]] == acked[p] || HAS(deaf, conn[p]));
			nsealed[p] = 0;
			texts[p] = base[p] + regained[p];
			hushed[p] = !regained[p];
			regained[p] = 0
		:: else
		fi;
		keys[p] = BIT(a);
		newest[p] = a;
		nonces[conn[p]] = 0;
#ifdef BUG_RESEAL_WITH_NEW_SEQ
		acked[p] = acked[p] + nsealed[p];
#endif
#ifndef BUG_NO_RESEAL
		nsealed[p] = 0
#endif
	:: t == JOIN ->
		assert(a == newest[p]);
		if
		:: b != a ->
			assert(b == a + 1 && AGREES(p));
			keys[p] = keys[p] | BIT(b);
			newest[p] = b;
			nonces[conn[p]] = 0
		:: else
		fi;
#ifdef BUG_RESEAL_AT_STEP
		nsealed[p] = 0;
#endif
		people[p] = people[p] | d;
		for (i : 0 .. CONNS - 1) {
			if
			:: HAS(d, i) -> order[p].last[i] = 0
			:: else
			fi
		}
	:: t == LEAVE ->
		assert(a == newest[p] && b == a);
		people[p] = people[p] & ~d
	:: t == GROUP ->
		group(p, a, b, d, e, i)
	:: t == ACK ->
#ifndef BUG_RESEAL_WITH_NEW_SEQ
		assert(a >= acked[p] && a <= acked[p] + nsealed[p]);
#endif
		base[p] = base[p] + (a - acked[p]);
		nsealed[p] = nsealed[p] - (a - acked[p]);
		acked[p] = a
	:: t == VOICE && !a ->
		hushed[p] = 1;
		regained[p] = 0;
#ifdef BUG_TAKEN_BACK_AT_ONCE
		texts[p] = base[p];
		nsealed[p] = 0
#endif
	:: t == VOICE && a ->
#ifdef BUG_SPEAKS_BEFORE_THE_KEY
		hushed[p] = 0;
		texts[p] = base[p] + nsealed[p] + 1
#else
		regained[p] = 1
#endif
	:: t == PARTED ->
		/* What is not acknowledged was not sent. */
		assert(rseq[conn[p]] == acked[p]);
		parted(p);
		up[conn[p]]!ENTER, 0, 0, 0, 0
	:: t == KICKED ->
		ends(p)
	fi;
	t = 0; a = 0; b = 0; d = 0; e = 0; i = 0;
	forget_rosters(i, e)
}

/* After a fresh key a client waits for the notice of who left. */
#ifdef BUG_SEALS_BEFORE_NOTICE
#define SEALS(p) true
#else
#define SEALS(p) (AGREES(p) && !hushed[p] && !parting[p])
#endif

/* Sends the next message in the newest epoch; no (epoch, seq) twice. */
inline say(p)
{
	a = acked[p] + nsealed[p] + 1;
	assert(a < 8);
	assert(!HAS(nonces[conn[p]], a));
	nonces[conn[p]] = nonces[conn[p]] | BIT(a);
	up[conn[p]]!GROUP, newest[p], a, base[p] + nsealed[p] + 1, people[p];
	nsealed[p]++;
	a = 0
}

inline connect(p)
{
	assert(next_conn < CONNS);
	conn[p] = next_conn;
	owner[next_conn] = p;
	next_conn++;
	asked[p] = 1;
	entering = entering | BIT(conn[p])
}

/* Frames in flight to the client are lost. The relay reads frames in flight to
 * it until it sees the cut. */
inline lose(p, i)
{
	cut = cut | BIT(conn[p]);
#ifdef BUG_SENT_IS_DELIVERED
	base[p] = base[p] + nsealed[p];
#endif
	hangs_up(p);
	asked[p] = 0;
	conn[p] = NOBODY;
	forget(i)
}

proctype Person(byte p)
{
	mtype t = 0;
	byte a, b, d, e, i;

end:	do
	:: d_step { CALM && !out[p] && !asked[p] -> connect(p) }
	:: d_step { !out[p] && asked[p] && 0 < len(down[conn[p]]) &&
		(CALM || HASTY(p)) -> hear(p, i) }
	:: d_step { CALM && !out[p] && joined[p] && base[p] + nsealed[p] < texts[p] &&
		SEALS(p) -> say(p) }
	:: d_step { CALM && !out[p] && asked[p] && may_leave > 0 ->
		may_leave--; up[conn[p]]!BYE, 0, 0, 0, 0; ends(p); forget(i) }
	:: d_step { CALM && !out[p] && joined[p] && may_cut > 0 ->
		may_cut--; lose(p, i) }
	:: d_step { CALM && !out[p] && joined[p] && !parting[p] && may_again > 0 ->
		may_again--; parting[p] = 1; up[conn[p]]!PART, 0, 0, 0, 0 }
	od
}

/* --- all of it ------------------------------------------------------------ */

#define IN_PEACE(p) (out[p] || (joined[p] && newest[p] == epoch && \
	base[p] == texts[p] && keys[p] != 0))
#if PERSONS > 3
#define SETTLED (IN_PEACE(0) && IN_PEACE(1) && IN_PEACE(2) && IN_PEACE(3))
#else
#define SETTLED (IN_PEACE(0) && IN_PEACE(1) && IN_PEACE(2))
#endif

/* Checks the final state, when no more steps are possible. */
proctype Rest()
{
	byte p, q, i;

	timeout -> d_step {
	assert(SETTLED);
	assert(left == 0 && waiting == 0 && prepared == 0 && due == 0 &&
		entering == 0 && !voices);
	for (p : 0 .. PERSONS - 1) {
		if
		:: !out[p] ->
			i = pos[conn[p]];
			do
			:: i < n_log && (log_from[i] == conn[p] ||
			   log_epoch[i] < first[conn[p]]) -> i++
			:: else -> break
			od;
			assert(i == n_log);
			/* A member that stayed has every message acknowledged
			 * to its sender. */
			for (q : 0 .. PERSONS - 1) {
				assert(!HAS(steady, p) || p == q ||
				    shown[p].content[q] >= base[q])
			}
		:: else
		fi
	} }
}

init
{
	byte i;

	d_step {
		texts[0] = SAY0;
		texts[1] = SAY1;
		texts[2] = SAY2;
#if PERSONS > 3
		texts[3] = SAY3;
#endif
		for (i : 0 .. STARTERS - 1) {
			conn[i] = i;
			owner[i] = i;
			asked[i] = 1;
			joined[i] = 1;
			keys[i] = BIT(1);
			newest[i] = 1;
			people[i] = in;
			first[i] = 1;
			opens[i] = BIT(1)
		}
		for (i : STARTERS .. CONNS - 1) {
			owner[i] = NOBODY
		}
		roster[1] = in;
		i = 0
	}
	/* Optional, since the final state is checked after each. */
	if
	:: may_leave = LEAVES
	:: LEAVES > 0 -> may_leave = LEAVES - 1
	fi;
	if
	:: may_kick = KICKS
	:: KICKS > 0 -> may_kick = KICKS - 1
	fi;
	if
	:: may_cut = CUTS
	:: CUTS > 0 -> may_cut = CUTS - 1
	fi;
	if
	:: may_mute = MUTES
	:: MUTES > 0 -> may_mute = MUTES - 1
	fi;
	if
	:: may_again = AGAIN
	:: AGAIN > 0 -> may_again = AGAIN - 1
	fi;
	if
	:: may_timer = TIMERS
	:: TIMERS > 0 -> may_timer = TIMERS - 1
	fi;
	atomic {
		for (i : 0 .. PERSONS - 1) {
			run Person(i)
		}
#ifndef PROGRESS
		run Rest();
#endif
		run Relay()
	}
}

#ifdef PROGRESS
/* Eventually, and from then on, all are in one epoch and nothing is pending. */
ltl agree { <> [] SETTLED }
#endif
