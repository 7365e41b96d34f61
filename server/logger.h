/* logger.h - the log on standard error, as text or as one JSON object per line.
 * It never contains a message, password or key. Every line passes the text
 * filter, so that a peer's name cannot forge a line. */
#ifndef CONCLAVED_LOGGER_H
#define CONCLAVED_LOGGER_H

#include <stdbool.h>

enum logger_level { LOGGER_ERROR, LOGGER_WARN, LOGGER_INFO, LOGGER_DEBUG };

struct logger {
	enum logger_level level;
	bool json;
};

/* `what` is a constant word or two for machines ("join", "handshake"); the rest
 * is a sentence for people. Never blocks the loop for long and never fails. */
void logger_write(const struct logger *l, enum logger_level level, const char *what,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

#define logger_error(l, ...) logger_write(l, LOGGER_ERROR, __VA_ARGS__)
#define logger_warn(l, ...)  logger_write(l, LOGGER_WARN, __VA_ARGS__)
#define logger_info(l, ...)  logger_write(l, LOGGER_INFO, __VA_ARGS__)
#define logger_debug(l, ...) logger_write(l, LOGGER_DEBUG, __VA_ARGS__)

#endif
