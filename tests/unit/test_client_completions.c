/* Checks that the shell completions match the table of options. With
 * CONCLAVE_UPDATE=1 in the environment this program writes them instead; that
 * is how they are generated. Run it from the top-level folder. */
#include <stdio.h>
#include <stdlib.h>

#include "client/settings.h"
#include "tests/unit/check.h"

#define FOLDER "client/completions/"

static void put(struct buf *b, const char *s)
{
	assert_int_equal(buf_str(b, s), 0);
}

/* Formats the help as one line in single quotes; zsh gives [ ] and : a
 * meaning. */
static void put_help(struct buf *b, const char *s, bool zsh)
{
	char one[2] = "";

	for (; *s != '\0'; s++) {
		one[0] = *s == '\n' ? ' ' : *s;
		if (*s == '\'')
			put(b, zsh ? "'\\'" : "\\");
		else if (zsh && strchr("[]:", *s) != NULL)
			put(b, "\\");
		put(b, one);
	}
}

static bool is_file(const struct opts_row *o)
{
	return o->arg != NULL && strcmp(o->arg, "FILE") == 0;
}

/* Joins "-i|--identity|..." for the options that take a file, or another
 * value. */
static void put_bash_cases(struct buf *b, bool files)
{
	const struct opts_row *o;
	bool first = true;
	char letter[8];
	size_t i;

	for (i = 0; (o = settings_option(i)) != NULL; i++) {
		if (o->arg == NULL || is_file(o) != files)
			continue;
		put(b, first ? "" : "|");
		first = false;
		snprintf(letter, sizeof(letter), "-%c|", o->letter);
		put(b, o->letter ? letter : "");
		put(b, "--");
		put(b, o->name);
	}
}

static void make_bash(struct buf *b)
{
	const struct opts_row *o;
	size_t i;

	put(b, "# bash completion of conclave(1), made from its options\n"
	       "_conclave()\n{\n\tlocal cur=${COMP_WORDS[COMP_CWORD]}\n"
	       "\tlocal prev=${COMP_WORDS[COMP_CWORD - 1]}\n"
	       "\tCOMPREPLY=()\n\tcase $prev in\n\t");
	put_bash_cases(b, true);
	put(b, ")\n\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
	       "\t\treturn ;;\n\t");
	put_bash_cases(b, false);
	put(b, ")\n\t\treturn ;;\n\tesac\n\tmapfile -t COMPREPLY < "
	       "<(compgen -W '");
	for (i = 0; (o = settings_option(i)) != NULL; i++) {
		put(b, i > 0 ? " --" : "--");
		put(b, o->name);
	}
	put(b, "' -- \"$cur\")\n}\ncomplete -o filenames -F _conclave "
	       "conclave\n");
}

static void make_zsh(struct buf *b)
{
	const struct opts_row *o;
	char head[128];
	size_t i;

	put(b, "#compdef conclave\n"
	       "# zsh completion of conclave(1), made from its options\n"
	       "_arguments -s -S \\\n");
	for (i = 0; (o = settings_option(i)) != NULL; i++) {
		if (o->letter)
			snprintf(head, sizeof(head),
			    "\t'(-%c --%s)'{-%c%s,--%s%s}'[", o->letter, o->name,
			    o->letter, o->arg ? "+" : "", o->name,
			    o->arg ? "=" : "");
		else
			snprintf(head, sizeof(head), "\t'--%s%s[", o->name,
			    o->arg ? "=" : "");
		put(b, head);
		put_help(b, o->help, true);
		put(b, "]");
		if (o->arg != NULL) {
			put(b, ":");
			put_help(b, o->arg, true);
			put(b, is_file(o) ? ":_files" : ": ");
		}
		put(b, "' \\\n");
	}
	put(b, "\t'1:invite or server:_hosts'\n");
}

static void make_fish(struct buf *b)
{
	const struct opts_row *o;
	char head[128], letter[8];
	size_t i;

	put(b, "# fish completion of conclave(1), made from its options\n"
	       "complete -c conclave -f\n");
	for (i = 0; (o = settings_option(i)) != NULL; i++) {
		snprintf(letter, sizeof(letter), " -s %c", o->letter);
		snprintf(head, sizeof(head), "complete -c conclave%s -l %s%s",
		    o->letter ? letter : "", o->name,
		    o->arg == NULL ? ""
		    : is_file(o)   ? " -r -F"
				    : " -x");
		put(b, head);
		put(b, " -d '");
		put_help(b, o->help, false);
		put(b, "'\n");
	}
}

static void file_is(const char *path, void (*make)(struct buf *))
{
	bool update = getenv("CONCLAVE_UPDATE") != NULL;
	char is[16384];
	struct buf b;
	size_t n;
	FILE *f;

	buf_init(&b, sizeof(is));
	make(&b);
	f = fopen(path, update ? "w" : "r");
	assert_non_null(f);
	if (update) {
		assert_int_equal(fwrite(b.p, 1, b.len, f), b.len);
	} else {
		n = fread(is, 1, sizeof(is), f);
		if (n != b.len || memcmp(is, b.p, n) != 0)
			fail_msg("%s is not up to date: run this test with "
				 "CONCLAVE_UPDATE=1",
			    path);
	}
	assert_int_equal(fclose(f), 0);
	buf_free(&b);
}

static void test_bash(void **state)
{
	(void)state;
	file_is(FOLDER "conclave.bash", make_bash);
}

static void test_zsh(void **state)
{
	(void)state;
	file_is(FOLDER "_conclave", make_zsh);
}

static void test_fish(void **state)
{
	(void)state;
	file_is(FOLDER "conclave.fish", make_fish);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_bash),
	    cmocka_unit_test(test_zsh),
	    cmocka_unit_test(test_fish),
	};

	return cmocka_run_group_tests_name("completions", tests, NULL, NULL);
}
