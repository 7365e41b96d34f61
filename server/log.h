/* log.h - the log on standard error, as text or as one JSON object a line.
 * Never a message, password or key. Every line passes the text filter, so
 * that no peer's name can forge a line. */
#ifndef CONCLAVED_LOG_H
#define CONCLAVED_LOG_H

#include <stdbool.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

struct log {
	enum log_level level;
	bool json;
};

/* `what` is a short constant word for machines ("join", "handshake"), the
 * rest a sentence for people. Never blocks the loop for long, never fails. */
void log_write(const struct log *l, enum log_level level, const char *what,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

#define log_error(l, ...) log_write(l, LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(l, ...)  log_write(l, LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(l, ...)  log_write(l, LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(l, ...) log_write(l, LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
