/* json_failed.c - what the JSON front end writes when the program fails before
 * that is open. */
#include <unistd.h>

#include "shared/os/output.h"
#include "shared/wire/json.h"
#include "client/ui/escape.h"
#include "client/ui/ui.h"

enum { FAILED_WAIT_MS = 5000 }; /* for a reader of the last two lines */

void ui_json_failed(const char *code, const char *text, int status)
{
	struct json_w w;
	struct buf b;
	int r;

	buf_init(&b, 1 << 16);
	json_begin(&w, &b);
	json_put_str(&w, "event", "error");
	json_put_str(&w, "code", code);
	escape_sentence(&w, "text", text);
	if ((r = json_end(&w)) == 0 && (r = buf_u8(&b, '\n')) == 0) {
		json_begin(&w, &b);
		json_put_str(&w, "event", "closed");
		json_put_str(&w, "reason", code);
		escape_sentence(&w, "text", text);
		json_put_int(&w, "status", status);
		if ((r = json_end(&w)) == 0)
			r = buf_u8(&b, '\n');
	}
	if (r == 0)
		(void)!output_once(STDOUT_FILENO, b.p, b.len, FAILED_WAIT_MS);
	buf_free(&b);
}
