/* security_txt.c - writes a security.txt. */
#include "server/security_txt.h"

#include <string.h>
#include <strings.h>

enum { DAYS = 364, DATE_MAX = 32 };

const char *security_txt_wrong(const char *contact)
{
	static const char *const schemes[] = {"mailto:", "https://", "tel:"};
	const char *s;
	size_t i, n;

	for (s = contact; *s != '\0'; s++)
		if (*s <= ' ' || *s >= 0x7f)
			return "it may hold no blanks and only ASCII";
	for (i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		n = strlen(schemes[i]);
		if (strncasecmp(contact, schemes[i], n) == 0 &&
		    contact[n] != '\0')
			return NULL;
	}
	return "it has to begin with mailto:, https:// or tel:";
}

int security_txt(struct buf *out, const char *contact, time_t now)
{
	time_t end = now + (time_t)DAYS * 24 * 3600;
	char date[DATE_MAX];
	struct tm tm;
	int r;

	if (gmtime_r(&end, &tm) == NULL ||
	    strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		return ERR_RANGE;
	if ((r = buf_str(out, "Contact: ")) == 0 &&
	    (r = buf_str(out, contact)) == 0 &&
	    (r = buf_str(out, "\nExpires: ")) == 0 &&
	    (r = buf_str(out, date)) == 0)
		r = buf_u8(out, '\n');
	return r;
}
