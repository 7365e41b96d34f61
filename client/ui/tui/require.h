/* require.h - what the full screen needs of its terminal and its locale. */
#ifndef CONCLAVE_UI_TUI_REQUIRE_H
#define CONCLAVE_UI_TUI_REQUIRE_H

#include "shared/os/errmsg.h"

/* 0, or an error and a sentence that says what to do. Waits a few seconds for a
 * terminal that takes no output. */
int require_terminal(struct errmsg *why) MUST_CHECK;

#endif
