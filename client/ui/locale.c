/* locale.c - the character set of the user's locale. */
#include "client/ui/locale.h"

#include <langinfo.h>
#include <locale.h>
#include <stddef.h>
#include <string.h>

void locale_begin(void)
{
	static const char *const utf8[] = {"C.UTF-8", "en_US.UTF-8"};
	const char *l;
	size_t i;

	/* This fails as a whole if one category is not installed. */
	(void)setlocale(LC_ALL, "");
	l = setlocale(LC_CTYPE, "");
	if (l != NULL && strcmp(l, "C") != 0 && strcmp(l, "POSIX") != 0)
		return;
	for (i = 0; i < sizeof(utf8) / sizeof(utf8[0]); i++)
		if (setlocale(LC_CTYPE, utf8[i]) != NULL)
			return;
}

const char *locale_other(void)
{
	const char *l = setlocale(LC_CTYPE, NULL);

	/* Then no UTF-8 locale is installed, and nothing was chosen. */
	if (strcmp(l, "C") == 0 || strcmp(l, "POSIX") == 0 || locale_utf8())
		return NULL;
	return nl_langinfo(CODESET);
}

bool locale_utf8(void)
{
	return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}
