/* Every refusal of an option, from the command line and from a file, with its error
 * message. */
#include "tests/unit/options_run.h"

static const char *const refused[][2] = {
    {"listen", ""},
    {"listen", "localhost:port"},
    {"listen", "localhost:65536"},
    {"listen", "::1"},
    {"listen", "unix:c.sock"},
    {"listen", "http://localhost"},
    {"password", ""},
    {"password", "a\tb"},
    {"password", "\xff"},
    {"password-file", ""},
    {"state", ""},
    {"room", ""},
    {"room", "-x"},
    {"room", "a b"},
    {"room", "abcdefghijklmnopqrstuvwxyz0123456"},
    {"public-name", ""},
    {"public-name", ":2528"},
    {"public-name", "h:0"},
    {"public-name", "/run/c.sock"},
    {"public-name", "conclave://h/lobby"},
    {"scrypt-n", ""},
    {"scrypt-n", "8192"},
    {"scrypt-n", "16385"},
    {"scrypt-n", "524288"},
    {"scrypt-n", "2^17"},
    {"max-users", "0"},
    {"max-users", "-1"},
    {"max-users", "100001"},
    {"max-users", "18446744073709551617"},
    {"max-users", "99999999999999999999999999999999999999999"},
    {"max-users", "1x"},
    {"max-users", " 1"},
    {"max-per-account", "100001"},
    {"max-per-account", "-1"},
    {"max-per-address", "100001"},
    {"max-per-address", "many"},
    {"rate", ""},
    {"rate", "/s"},
    {"rate", "1/m"},
    {"rate", "1000001"},
    {"rooms", "0"},
    {"rooms", "10001"},
    {"rooms-per-identity", "10001"},
    {"rooms-per-identity", "-1"},
    {"sync", "off"},
    {"sync", ""},
    {"registration", "shut"},
    {"invites", "all"},
    {"accounts", "-1"},
    {"accounts-per-hour", "1000001"},
    {"room-creation", "all"},
    {"room-creation", ""},
    {"newcomers", "operator"},
    {"newcomers", "Guest"},
    {"history", "some"},
    {"history", ""},
    {"keep-days", "36501"},
    {"keep-days", "7d"},
    {"keep-count", "1000000001"},
    {"max-keep-days", "-1"},
    {"max-keep-count", "none"},
    {"files", "1023K"},
    {"files", "1025G"},
    {"files", ""},
    {"files-person", "none"},
    {"file-size", "-1"},
    {"files-days", "36501"},
    {"rate-bytes", ""},
    {"rate-bytes", "/s"},
    {"rate-bytes", "64"},
    {"rate-bytes", "64k"},
    {"rate-bytes", "1K/m"},
    {"rate-bytes", "2G/s"},
    {"rate-burst", "0"},
    {"rate-burst", "127K"},
    {"rate-burst", "2G"},
    {"rate-burst", "1M/s"},
    {"rekey-interval", ""},
    {"rekey-interval", "0"},
    {"rekey-interval", "0h"},
    {"rekey-interval", "h"},
    {"rekey-interval", "1w"},
    {"rekey-interval", "8d"},
    {"rekey-interval", "169h"},
    {"rekey-interval", "4294967296"},
    {"rekey-interval", "1h30m"},
    {"proxy-from", "192.0.2"},
    {"proxy-from", "localhost"},
    {"proxy-from", ""},
    {"guesses", "3/s"},
    {"guesses-net", "1000001"},
    {"guesses-site", "1/h"},
    {"guesses-address", "60001"},
    {"handshakes", "0"},
    {"handshakes", "10001"},
    {"max-memory", "15M"},
    {"max-memory", "512"},
    {"max-memory", "M"},
    {"max-memory", "1025G"},
    {"max-memory", "99999999999999999999G"},
    {"workers", "0"},
    {"workers", "65"},
    {"log-level", "loud"},
    {"log-level", ""},
    {"log-format", "xml"},
};

static void test_refused_argv(void **state)
{
	const char *const *c = *state;
	char dashed[64], head[80];
	struct run r;

	snprintf(dashed, sizeof(dashed), "--%s", c[0]);
	snprintf(head, sizeof(head), "conclaved: --%s: ", c[0]);
	RUN(&r, dashed, c[1]);
	assert_int_equal(r.result, OPTION_SOURCES_EXIT_USAGE);
	assert_memory_equal(r.err, head, strlen(head));
	assert_non_null(strstr(r.err, "give "));
	assert_ptr_equal(strchr(r.err, '\n'), r.err + strlen(r.err) - 1);
	assert_string_equal(r.out, "");
	run_free(&r);
}

static void test_refused_file(void **state)
{
	const char *const *c = *state;
	char text[256], head[160];
	struct run r;

	snprintf(text, sizeof(text), "# first\n%s = \"%s\"\n", c[0], c[1]);
	run_write("conf", text, strlen(text));
	snprintf(head, sizeof(head), "conclaved: %s/conf:2: ", run_dir());
	RUN(&r, "--config", "@conf");
	assert_int_equal(r.result, OPTION_SOURCES_EXIT_USAGE);
	assert_memory_equal(r.err, head, strlen(head));
	assert_ptr_equal(strchr(r.err, '\n'), r.err + strlen(r.err) - 1);
	run_free(&r);
}

struct complaint {
	const char *args[6];
	const char *file; /* conf, or NULL */
	const char *says;
};
static const struct complaint complaints[] = {
    {{"--nope"}, NULL, "there is no option --nope;"},
    {{"--pasword=hunter2"}, NULL, "there is no option --pasword;"},
    {{"-x"}, NULL, "there is no option -x;"},
    {{"-lx:y", "-x"}, NULL, "--listen: \"x:y\" is not valid"},
    {{"--room"}, NULL, "--room needs a value: give 1 to 32"},
    {{"-r"}, NULL, "--room needs a value"},
    {{"--ephemeral=yes"}, NULL, "--ephemeral takes no value"},
    {{"localhost:2528"}, NULL, "\"localhost:2528\" is one argument too many"},
    {{"--config", "@none"}, NULL, "No such file"},
    {{"--config", "@"}, NULL, "Is a directory"},
    {{"--password-file", "@none"}, NULL, "No such file"},
    {{"--password-file", "/dev/null"}, NULL, "password on one line"},
    {{"--password", "a", "--password-file", "@conf"}, "b",
	"exclude each other"},
    {{"--ephemeral", "--state", "/tmp/x"}, NULL, "exclude each other"},
    {{"--config", "@conf"}, "password = a\npassword-file = b",
	"exclude each other"},
    {{"--config", "@conf"}, "ephemeral = yes\nstate = /tmp/x",
	"exclude each other"},
    {{"--config", "@conf"}, "room = a\nroom = b\n",
	"conf:2: room: line 1 sets it already"},
    {{"--config", "@conf"}, "\n\nnope = 1\n",
	"conf:3: there is no setting \"nope\": conclaved --help"},
    {{"--config", "@conf"}, "--room = a\n",
	"conf:1: there is no setting \"--room\""},
    {{"--config", "@conf"}, "config = x\n",
	"conf:1: config: this works on the command line only"},
    {{"--config", "@conf"}, "help = yes\n", "command line only"},
    {{"--config", "@conf"}, "check-config = yes\n", "command line only"},
    {{"--config", "@conf"}, "room\n", "conf:1: a line has to be: name = value"},
    {{"--config", "@conf"}, "= x\n", "conf:1: a line has to be"},
    {{"--config", "@conf"}, "room = \"a\n", "conf:1: the quote is not closed"},
    {{"--config", "@conf"}, "room = 'a\" # '\n", "is not valid"},
    {{"--config", "@conf"}, "room = \"a\" b\n",
	"conf:1: only a comment may follow"},
    {{"--config", "@conf"}, "ephemeral = maybe\n", "give yes or no"},
    {{"--config", "@conf"}, "room = \xff\n", "conf:1: this line is not UTF-8"},
    {{"--config", "@conf"}, "password = ab#c\n", "conf:1: password: put the"},
    {{"--config", "@conf"}, "password = ab # c\n", "conf:1: password: put the"},
    /* an overridden value is still checked */
    {{"--config", "@conf", "--rate", "1"}, "rate = x\n", "conf:1: rate: \"x\""},
    {{"--check-config", "--config", "@conf"}, "rate = x\n", "conf:1: rate:"},
    /* an echoed value cannot control the terminal */
    {{"--room", "\x1b[31m"}, NULL, "\"\xe2\x90\x9b[31m\""},
};

static void test_complaint(void **state)
{
	const struct complaint *c = *state;
	struct run r;

	if (c->file != NULL)
		run_write("conf", c->file, strlen(c->file));
	run_options(&r, c->args);
	assert_int_equal(r.result, OPTION_SOURCES_EXIT_USAGE);
	if (strstr(r.err, c->says) == NULL)
		assert_string_equal(r.err, c->says);
	assert_null(strstr(r.err, "hunter2"));
	assert_ptr_equal(strchr(r.err, '\n'), r.err + strlen(r.err) - 1);
	run_free(&r);
}

static void add_tables(struct check_group *g)
{
	size_t i;

	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		void *c = (void *)(uintptr_t)&refused[i];

		check_add(g, test_refused_argv, c, "argv refuses %s %zu",
		    refused[i][0], i);
		check_add(g, test_refused_file, c, "file refuses %s %zu",
		    refused[i][0], i);
	}
	for (i = 0; i < sizeof(complaints) / sizeof(complaints[0]); i++)
		check_add(g, test_complaint, (void *)(uintptr_t)&complaints[i],
		    "complaint %zu", i);
}

int main(void)
{
	struct check_group g = {0};
	int r;

	run_setup();
	add_tables(&g);
	r = check_run("options refused", &g);
	run_cleanup();
	return r;
}
