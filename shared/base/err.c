/* err.c - a sentence for each error code. */
#include "shared/base/err.h"

const char *err_str(int e)
{
	switch (e) {
#define X(name, code, text)                                                    \
	case code:                                                             \
		return text;
		ERR_LIST(X)
#undef X
	}
	return "an error that has no name";
}
