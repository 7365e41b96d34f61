/* content_view.h - the view of the room's log in a member's content, under the
 * key "view" (PROTOCOL.md section 4). The content is fixed when it is first
 * sealed, which is when the view is known; so a content is made with an empty
 * view, whose place is then filled. */
#ifndef SHARED_PROTO_CONTENT_VIEW_H
#define SHARED_PROTO_CONTENT_VIEW_H

#include "shared/proto/content.h"
#include "shared/proto/logchain.h"

/* Appends a content that this program made, with an empty view and padded
 * again. ERR_LIMIT: it would be longer than WIRE_JSON_MAX. */
int content_view_add(
    struct buf *out, const uint8_t *content, size_t n) MUST_CHECK;
/* Writes the view into such a content. ERR_USAGE: it has no place for one. */
int content_view_fill(
    uint8_t *content, size_t n, const uint8_t view[WIRE_VIEW]) MUST_CHECK;
/* Appends a content that is nothing but a view, still empty. */
int content_view_alone(
    struct buf *out, const uint8_t id[WIRE_ID], uint64_t ts) MUST_CHECK;

/* The view in a decoded content. *has: there is one. ERR_BASE64, ERR_JSON,
 * ERR_RANGE: it is not one. */
int content_view_get(
    const struct content *c, bool *has, struct log_view *out) MUST_CHECK;
/* Whether a member's content is nothing but a view. */
bool content_view_only(const struct content *c);

#endif
