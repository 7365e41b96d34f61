/* priority.h - who runs first on a busy machine, of threads that want the same
 * processor. None can fail in a way that matters. The first two are requests for
 * the calling thread, inherited by what it starts later, and not for inside the
 * sandbox, which allows neither call. */
#ifndef CONCLAVED_PRIORITY_H
#define CONCLAVED_PRIORITY_H

/* Runs soon after it is woken: a message waits for three or four wake-ups, of the
 * relay, of its thread for the store and of the keeper, and each could take as
 * long as a slice of somebody who computes, 3 ms. So it asks for slices of 0.1 ms,
 * which gives it no larger share of the processor (sched_setattr(2), Linux 6.12;
 * older ones ignore it). */
void priority_prompt(void);
/* Lets others go first: lower by this much, with slices of the usual length. */
void priority_patient(int nice);
/* Lets whoever waits for this processor run now, at any time: for a thread that has
 * done a piece of much work. The scheduler looks whether a slice is over at its
 * ticks alone, each 4 ms, and not always when somebody wakes. */
void priority_pass(void);

#endif
