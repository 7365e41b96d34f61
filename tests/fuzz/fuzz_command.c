/* Fuzzes the command parser: a typed line, and the mentions in it. */
#include "client/ui/command.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *line = (char *)fuzz_copy(data, size);
	struct command c;

	command_parse(&c, line, size);
	FUZZ_CHECK(c.kind <= COMMAND_BAD);
	FUZZ_CHECK(c.text >= line && c.n <= size);
	FUZZ_CHECK(c.text + c.n <= line + size);
	FUZZ_CHECK((c.kind == COMMAND_BAD) == (c.sentence[0] != '\0'));
	FUZZ_CHECK(strlen(c.sentence) < sizeof(c.sentence));
	/* A line starting with a single "/" is never sent as text. */
	if (c.kind == COMMAND_SAY && size > 1 && line[0] == '/')
		FUZZ_CHECK(line[1] == '/');
	free(line);
	return 0;
}
