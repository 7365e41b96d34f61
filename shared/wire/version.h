/* version.h - the version of both programs. The protocol has its own, in
 * wire.h. */
#ifndef SHARED_WIRE_VERSION_H
#define SHARED_WIRE_VERSION_H

#define CONCLAVE_VERSION "0.1.0"

#endif
