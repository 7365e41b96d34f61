/* menu.c - the table of the menus. */
#include "client/ui/tui/menu.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define TEXT(label) NULL, NULL, label, MENU_NONE
#define PLAIN	    NULL, NULL, NULL, MENU_NONE
#define UNDO(cmd)   cmd, NULL, NULL, MENU_NONE
#define NEXT(menu)  NULL, NULL, NULL, menu
#define AFTER(text) NULL, text, NULL, MENU_NONE

static const struct menu_item items[] = {
    {MENU_PERSON, 'v', "verify", "verify", PLAIN},
    {MENU_PERSON, 'i', "info", "whois", PLAIN},
    {MENU_PERSON, 't', "trust", "trust", PLAIN},
    {MENU_PERSON, 'b', "ignore", "ignore", UNDO("unignore")},
    {MENU_PERSON, 'K', "kick", "kick", PLAIN},
    {MENU_PERSON, 'B', "ban", "ban", PLAIN},
    {MENU_PERSON, 'M', "mute", "mute", "unmute", NULL,
	"for how long (10m 2h 3d; nothing: no end)", MENU_NONE},
    {MENU_PERSON, 'R', "role", "role", NEXT(MENU_ROLE)},
    {MENU_PERSON, 'm', "msg", "msg", PLAIN},
    {MENU_PERSON, 'x', "block", "block", PLAIN},
    {MENU_PERSON, 'X', "unblock", "unblock", PLAIN},
    {MENU_ROLE, 'o', "owner", "role", AFTER("owner")},
    {MENU_ROLE, 'p', "operator", "role", AFTER("operator")},
    {MENU_ROLE, 'm', "member", "role", AFTER("member")},
    {MENU_ROLE, 'g', "guest", "role", AFTER("guest")},
    {MENU_ROOM, 't', "topic", "topic", TEXT("topic (none: clear it)")},
    {MENU_ROOM, 'k', "keep", "history",
	TEXT("what is kept: none, members, all, keep 7d, count N")},
    {MENU_ROOM, 'i', "invite", "invite", TEXT("invite whom")},
    {MENU_ROOM, 'u', "uninvite", "uninvite", TEXT("uninvite whom")},
    {MENU_ROOM, 'b', "unban", "unban", TEXT("unban whom")},
    {MENU_ROOM, 'l', "leave", "leave", NEXT(MENU_LEAVE)},
    {MENU_ROOM, 'n', "new room", "new",
	TEXT("name of the new room (then: sealed not-kept invited unlisted)")},
    {MENU_ROOM, 'e', "seal", "seal",
	TEXT("new: another secret; give: you got one; nothing: its invite")},
    {MENU_ROOM, 'r', "rooms", "rooms", PLAIN},
    {MENU_ROOM, 'x', "export", "export", TEXT("write the lines to the file")},
    {MENU_ROOM, 'w', "transcript", "transcript", TEXT("on or off")},
    {MENU_ROOM, 's', "sign log", "receipt", PLAIN},
    {MENU_ROOM, 'v', "verify server", "server", PLAIN},
    {MENU_ROOM, '?', "state", "room", PLAIN},
    {MENU_ROOM, 'a', "account", "devices", NEXT(MENU_ACCOUNT)},
    {MENU_ROOM, 'F', "files", "files", NEXT(MENU_FILES)},
    {MENU_FILES, 'L', "list", "files", PLAIN},
    {MENU_FILES, 'S', "send", "send", TEXT("the file to send")},
    {MENU_FILES, 'g', "get", "get",
	TEXT("number of the file (and another name for it)")},
    {MENU_FILES, 'c', "cancel", "cancel", TEXT("number of the file")},
    {MENU_ACCOUNT, 'p', "password", "password", PLAIN},
    {MENU_ACCOUNT, 'd', "devices", "devices", PLAIN},
    {MENU_ACCOUNT, 'f', "forget device", "forget-device",
	TEXT("beginning of its key")},
    {MENU_ACCOUNT, 'I', "invites", "invites", PLAIN},
    {MENU_ACCOUNT, 'R', "revoke", "revoke", TEXT("id of the invite")},
    {MENU_MESSAGE, 'r', "reply", "reply", PLAIN},
    {MENU_MESSAGE, 'e', "edit", "edit", PLAIN},
    {MENU_MESSAGE, 'd', "delete", "delete", PLAIN},
    {MENU_MESSAGE, 'p', "purge", "purge", PLAIN},
    {MENU_MESSAGE, '+', "react", "react", PLAIN},
    {MENU_MESSAGE, 'i', "info", "info", PLAIN},
    {MENU_MESSAGE, 'c', "copy", "bare", PLAIN},
    {MENU_LEAVE, 'y', "leave", "leave", PLAIN},
    {MENU_HELD, 'y', "send", "send", PLAIN},
    {MENU_HELD, 'n', "drop", "drop", PLAIN},
    {MENU_HELD, 'e', "edit", "drop", AFTER("edit")},
};
enum { N_ITEMS = sizeof(items) / sizeof(items[0]) };

const struct menu_item *menu_item(size_t i)
{
	return i < N_ITEMS ? &items[i] : NULL;
}

const struct menu_item *menu_find(enum menu_kind menu, char letter)
{
	size_t i;

	for (i = 0; i < N_ITEMS; i++)
		if (items[i].menu == menu && items[i].letter == letter)
			return &items[i];
	return NULL;
}

static size_t put_words(
    char *out, size_t size, enum menu_kind menu, const char *gap)
{
	size_t i, n = 0;

	out[0] = '\0';
	for (i = 0; i < N_ITEMS && n < size; i++)
		if (items[i].menu == menu)
			n += (size_t)snprintf(out + n, size - n, "%s%c %s",
			    n == 0 ? "" : gap, items[i].letter, items[i].word);
	return n;
}

bool menu_words(char *out, size_t size, enum menu_kind menu, int cells)
{
	if (put_words(out, size, menu, "  ") <= (size_t)cells ||
	    put_words(out, size, menu, " ") <= (size_t)cells)
		return true;
	(void)put_words(out, size, menu, "  ");
	return false;
}

enum menu_match menu_match(const char *name, const char *typed, size_t n)
{
	size_t len = strlen(name), i;

	if (n == 0)
		return MENU_BEGINS;
	for (i = 0; n <= len && i <= len - n; i++)
		if (strncasecmp(name + i, typed, n) == 0)
			return i == 0 ? MENU_BEGINS : MENU_HAS;
	return MENU_NOT;
}
