/* option_words.h - the words of options whose value is one of a few, for
 * opts_set_word: in the order of their enum, NULL last. Those of --history are
 * room_history_words (shared/proto/room_info.h). And setters for the others. */
#ifndef CONCLAVED_OPTION_WORDS_H
#define CONCLAVED_OPTION_WORDS_H

#include "shared/os/opts.h"

extern const char *const option_words_creation[];
extern const char *const option_words_registration[];
extern const char *const option_words_inviters[];
extern const char *const option_words_log_level[];

/* Of two words in row->words: true in the bool of the row for the second. */
extern const char *const option_words_sync[];
extern const char *const option_words_log_format[];
int option_words_second(
    void *values, const struct opts_row *row, const char *s);

int option_words_newcomers(
    void *values, const struct opts_row *row, const char *s);

#endif
