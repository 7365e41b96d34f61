/* app_signals.h - the signals that end the client, or resize its window. */
#ifndef CONCLAVE_APP_SIGNALS_H
#define CONCLAVE_APP_SIGNALS_H

/* Blocks those that are not ignored, and returns a signalfd of them; -1: errno. */
int app_signals_open(void);

#endif
