/* main.c - conclave, the client: selects the task and starts its parts in
 * order. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shared/os/exit.h"
#include "shared/os/file.h"
#include "shared/os/harden.h"
#include "shared/crypto/library.h"
#include "shared/os/output.h"
#include "shared/os/print.h"
#include "shared/wire/json.h"
#include "shared/wire/version.h"
#include "shared/base/secret.h"
#include "shared/base/oom.h"
#include "client/app.h"
#include "client/editor_helper.h"
#include "client/export_helper.h"
#include "client/file_helper.h"
#include "client/name_helper.h"
#include "client/transcript_helper.h"
#include "client/sandbox.h"
#include "client/ui/locale.h"
#include "client/setting_sources.h"
#include "client/settings.h"
#include "client/verify/verify.h"

/* Selects the TUI on a capable terminal, and the line interface otherwise. */
static int choose_face(struct client_options *o, struct errmsg *why)
{
	const char *term = getenv("TERM");
	bool whole = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);

	if (o->ui == UI_TUI && !whole)
		return errmsg_set(why, ERR_USAGE,
		    "--tui needs a terminal for input and output: use --plain");
	if (o->ui == UI_AUTO)
		o->ui = whole && term != NULL && term[0] != '\0' &&
				strcmp(term, "dumb") != 0
			    ? UI_TUI
			    : UI_PLAIN;
	return 0;
}

/* Whether the user's terminal shows another character set than the UTF-8 that
 * the line interface writes. */
static bool only_ascii(const struct client_options *o)
{
	const char *charset = locale_other();
	struct errmsg note;

	if (o->ui != UI_PLAIN || charset == NULL)
		return false;
	errmsg_set(&note, 0,
	    "your locale writes %.40s, and this UTF-8: characters that are not "
	    "ASCII appear as ?; set LC_ALL=C.UTF-8 if your terminal shows "
	    "UTF-8",
	    charset);
	if (!o->ascii)
		errmsg_print("conclave", note.text);
	return true;
}

static const struct ui_ops *ui_of(const struct client_options *o)
{
	switch (o->ui) {
	case UI_TUI:
		return &ui_tui;
	case UI_JSON:
		return &ui_json;
	default:
		return &ui_plain;
	}
}

static int failed(
    const struct client_options *o, int err, const struct errmsg *why)
{
	int status = err == ERR_PIN			     ? EXIT_PIN
		     : err == ERR_OUTPUT		     ? EXIT_FAILED
		     : err == ERR_NOMEM || err == ERR_CRYPTO ? EXIT_LOST
							     : EXIT_USAGE;
	const char *text = why->text;

	/* Without memory for a sentence, the error code's text is shown. */
	if (text[0] == '\0')
		text = err_str(err);
	errmsg_print("conclave", text);
	if (o->ui == UI_JSON)
		ui_json_failed(err == ERR_PIN ? "pin" : "usage", text, status);
	return status;
}

static int start_helpers(
    struct app_opts *a, struct client_options *o, struct errmsg *why)
{
	int r;

	/* Programs have no /export. */
	if (a->sandboxed && o->ui != UI_JSON && o->export_folder != NULL)
		a->exports = export_helper_new(
		    o->export_folder, a->sandboxed, &o->password);
	/* Inside of it the helper's sandbox is narrow. */
	if ((o->keeps || o->keeps_direct) &&
	    (r = file_make_folder(o->transcript, why)) != 0)
		return r == ERR_NOMEM ? r : ERR_USAGE;
	if (a->sandboxed && o->transcript != NULL)
		a->transcripts = transcript_helper_new(
		    o->transcript, a->sandboxed, &o->password);
	if (a->sandboxed && o->save_folder != NULL) {
		a->files->helper =
		    file_helper_new(&a->files->folders, true, &o->password);
		if (a->files->helper == NULL)
			return errmsg_errno(why, ERR_NOMEM, errno,
			    "cannot start the process that opens files");
	}
	a->names = name_helper_new(a->sandboxed, &o->password);
	/* The last one: it alone then notices the end of this process even while
	 * it runs an editor. */
	if (a->names != NULL && o->ui == UI_TUI)
		a->editor = editor_helper_new(&o->password);
	if (a->names != NULL && (a->editor != NULL || o->ui != UI_TUI))
		return 0;
	errmsg_set(why, ERR_NOMEM,
	    "cannot start the process that %s: %s%s",
	    a->names == NULL ? "looks up names" : "runs your editor",
	    strerror(errno),
	    errno == EAGAIN ? "; raise the limit on processes (ulimit -u)"
			    : "");
	helper_free(a->exports);
	helper_free(a->transcripts);
	helper_free(a->files->helper);
	helper_free(a->names);
	return ERR_NOMEM;
}

/* The RSA key pair is generated while the user types. libcrypto is set up first,
 * because the generating thread can open no file. */
static int open_crypto(
    struct app_opts *a, const struct client_options *o, struct errmsg *why)
{
	int r;

	a->crypto = crypto_new();
	if (a->crypto == NULL && !oom_seen())
		return errmsg_set(why, ERR_CRYPTO, "%s", library_no_algorithm);
	r = a->crypto == NULL ? ERR_NOMEM
			      : handshake_pq(&a->pq, a->crypto, o->require_pq);
	if (r == ERR_WEAK)
		return errmsg_set(why, ERR_USAGE, "%s", library_no_mlkem);
	if (r != 0)
		return errmsg_set(why, r, "the system is out of memory");
	a->jobs = jobs_new(o->rsa_bits, why);
	if (a->jobs == NULL)
		return ERR_NOMEM;
	if ((a->parallel = parallel_new(a->crypto, 0)) == NULL)
		return errmsg_set(why, ERR_NOMEM, "the system is out of memory");
	return 0;
}

static int chat(struct client_options *o)
{
	const char *no_color = getenv("NO_COLOR");
	struct setup setup = {.pinned = false};
	struct files files = {.folders = {o->save_folder, o->send_folder},
	    .accept = o->accept};
	struct app_opts a = {.options = o, .setup = &setup, .files = &files};
	struct errmsg why = {""};
	int r, status;

	if ((r = choose_face(o, &why)) != 0)
		return failed(o, r, &why);
	output_own(STDOUT_FILENO);
	a.sandboxed = !o->no_sandbox && !harden_measured();
	if (a.sandboxed && (r = client_sandbox_privileges(&why)) != 0)
		return failed(o, r, &why);
	if ((r = secret_setup(1)) == ERR_AGAIN)
		errmsg_print("conclave",
		    "the limit on locked memory (ulimit -l) is too low: "
		    "keys may be written to the swap space");
	else if (r != 0)
		return failed(o, errmsg_set(&why, r, "out of memory"), &why);
	if (o->no_sandbox)
		errmsg_print("conclave",
		    "--no-sandbox: an attacker who takes over this program "
		    "can do everything that you can");
	if ((r = start_helpers(&a, o, &why)) != 0)
		return failed(o, r, &why);
	if ((r = open_crypto(&a, o, &why)) == 0)
		r = setup_run(&setup, o, &why);
	files.unfinished = setup.unfinished;
	a.ui = ui_of(o);
	a.ascii = o->ascii || only_ascii(o);
	a.color = !o->no_color && isatty(STDOUT_FILENO) &&
		  (no_color == NULL || no_color[0] == '\0');
	status = r == 0 ? app_run(&a) : failed(o, r, &why);
	jobs_free(a.jobs); /* it may still read the password */
	setup_free(&setup);
	parallel_free(a.parallel);
	crypto_free(a.crypto);
	helper_free(a.exports);
	helper_free(a.transcripts);
	helper_free(files.helper);
	helper_free(a.names);
	helper_free(a.editor);
	return status;
}

static int print_help(struct errmsg *why)
{
	struct buf b;
	int r;

	buf_init(&b, 1 << 16);
	if ((r = settings_help(&b)) != 0)
		errmsg_set(why, r, "cannot print the help: %s", err_str(r));
	else
		r = print_text(b.p, b.len, why);
	buf_free(&b);
	return r;
}

static int run(struct client_options *o)
{
	struct errmsg why = {""};
	int r = 0;

	switch (o->task) {
	case TASK_CHAT:
		return chat(o);
	case TASK_HELP:
		r = print_help(&why);
		break;
	case TASK_VERSION:
		r = print_line(&why,
		    "conclave " CONCLAVE_VERSION " (" WIRE_PROTOCOL ")\n");
		break;
	case TASK_FORGET_SERVER:
		r = setup_forget_server(o, &why);
		break;
	case TASK_NEW_PASSPHRASE:
		r = setup_new_passphrase(o, &why);
		break;
	case TASK_WRITE_CONFIG:
		r = client_options_write_config(o, &why);
		if (r == 0)
			r = print_line(&why,
			    "wrote %s; it explains every setting\n",
			    o->config);
		break;
	}
	return r == 0 ? 0 : failed(o, r, &why);
}

int main(int argc, char **argv)
{
	struct client_options o;
	struct errmsg why = {""};
	int r, status;

	/* A failure here weakens the protection but is no reason to refuse to
	 * chat. */
	(void)!harden_descriptors();
	output_own(STDERR_FILENO);
	(void)!harden_process();
	locale_begin();
	json_setup();
	r = oom_setup() ? library_setup() : ERR_NOMEM;
	if (r != 0) {
		errmsg_print("conclave", r == ERR_CRYPTO
					     ? library_no_provider
					     : "the system is out of memory");
		return EXIT_LOST;
	}
	if (argc > 1 && strcmp(argv[1], "verify") == 0)
		return verify_main(argc - 1, argv + 1);
	r = setting_sources_read(&o, argc, argv, &why);
	status = r == 0 ? run(&o) : failed(&o, r, &why);
	client_options_free(&o);
	return status;
}
