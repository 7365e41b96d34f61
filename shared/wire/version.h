/* version.h - of both programs; the protocol has its own (wire.h). */
#ifndef SHARED_WIRE_VERSION_H
#define SHARED_WIRE_VERSION_H

#define CONCLAVE_VERSION "0.1.0"

#endif
