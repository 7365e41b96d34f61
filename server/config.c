#include "server/config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/wire/text.h"

int config_read_file(struct buf *out, const char *path, bool *others_read)
{
	uint8_t byte;
	struct stat st;
	size_t room;
	ssize_t n;
	int fd, saved, r;

	if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)) < 0)
		return ERR_IO;
	if (fstat(fd, &st) != 0) {
		r = ERR_IO;
		goto out;
	}
	*others_read = S_ISREG(st.st_mode) && (st.st_mode & S_IROTH) != 0;
	/* All of the room at once, so that a secret buffer never moves. */
	if ((r = buf_reserve(out, out->max - out->len)) != 0)
		goto out;
	for (;;) {
		room = out->max - out->len;
		n = read(fd, room > 0 ? out->p + out->len : &byte,
		    room > 0 ? room : 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n > 0 && room > 0) {
			out->len += (size_t)n;
			continue;
		}
		r = n < 0 ? ERR_IO : n > 0 ? ERR_LIMIT : 0;
		break;
	}
out:
	saved = errno;
	close(fd);
	errno = saved;
	return r;
}

int config_open(struct config *c, const char *path)
{
	int r;

	memset(c, 0, sizeof(*c));
	buf_init_secret(&c->text, CONFIG_FILE_MAX);
	if ((r = config_read_file(&c->text, path, &c->others_read)) != 0)
		return r;
	/* The last line ends like the others. */
	if (c->text.len == 0 || c->text.p[c->text.len - 1] != '\n')
		r = buf_u8(&c->text, '\n');
	return r;
}

void config_close(struct config *c)
{
	buf_free(&c->text);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static int problem(struct config *c, const char *sentence)
{
	c->problem = sentence;
	return ERR_USAGE;
}

/* Ends the text before the blanks at its end. */
static void trim_end(char *from, char *end)
{
	while (end > from && is_blank(end[-1]))
		end--;
	*end = '\0';
}

/* s stands on the opening quote; takes the value out in place. */
static int quoted_value(struct config *c, struct config_entry *e, char *s)
{
	char quote = *s++, *to = s;

	e->value = s;
	e->quoted = true;
	for (; *s != quote; s++) {
		if (quote == '"' && *s == '\\' && (s[1] == '"' || s[1] == '\\'))
			s++;
		if (*s == '\0')
			return problem(c, "the quote is not closed");
		*to++ = *s;
	}
	for (s++; is_blank(*s); s++)
		;
	if (*s != '\0' && *s != '#')
		return problem(
		    c, "only a # comment may follow the closing quote");
	*to = '\0';
	return 0;
}

/* A # begins a comment where a blank is before it. */
static void plain_value(struct config_entry *e, char *s)
{
	char *end = s + strlen(s), *p;

	e->value = s;
	for (p = s; *p != '\0'; p++) {
		if (*p != '#')
			continue;
		e->hash = true;
		if (p == s || is_blank(p[-1])) {
			end = p;
			break;
		}
	}
	trim_end(s, end);
}

static int parse_line(struct config *c, struct config_entry *e, char *s)
{
	char *eq;

	while (is_blank(*s))
		s++;
	if (*s == '\0' || *s == '#')
		return ERR_AGAIN;
	if ((eq = strchr(s, '=')) == NULL || eq == s)
		return problem(c, "a line has to be: key = value");
	e->key = s;
	trim_end(s, eq);
	for (eq++; is_blank(*eq); eq++)
		;
	if (*eq == '"' || *eq == '\'')
		return quoted_value(c, e, eq);
	plain_value(e, eq);
	return 0;
}

int config_next(struct config *c, struct config_entry *e)
{
	char *s, *end;
	int r;

	while (c->at < c->text.len) {
		s = (char *)c->text.p + c->at;
		end = memchr(s, '\n', c->text.len - c->at);
		if (end == NULL) /* config_open has seen to it */
			break;
		c->at += (size_t)(end - s) + 1;
		c->line++;
		if (memchr(s, '\0', (size_t)(end - s)) != NULL ||
		    !text_utf8(s, (size_t)(end - s)))
			return problem(c, "this line is not UTF-8 text");
		*end = '\0';
		memset(e, 0, sizeof(*e));
		if ((r = parse_line(c, e, s)) != ERR_AGAIN)
			return r;
	}
	return ERR_AGAIN;
}
