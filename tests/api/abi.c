/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * abi.c - does not compile if the header is not as abi.def has it, nor link if the library
 * lacks a call; when it runs it names the calls, a line each
 */
#include <shifter/shifter.h>

#include <stdio.h>

#define SAME(type, other) __builtin_types_compatible_p(type, other)

#define CALL(name, result, arguments) \
	_Static_assert(SAME(__typeof__(name), result arguments), #name " has another type");
#define CALLBACK(name, result, arguments) \
	_Static_assert(SAME(name, result(*) arguments), #name " has another type");
#define VALUE(name, number) _Static_assert((name) == (number), #name " has another value");
#define FIELD(type, name, kind, at)                                                        \
	_Static_assert(offsetof(struct type, name) == (at), #type "." #name " has moved"); \
	_Static_assert(SAME(__typeof__(((struct type *)0)->name), kind),                   \
		       #type "." #name " has another type");
#define SIZE(type, bytes) \
	_Static_assert(sizeof(struct type) >= (bytes), "struct " #type " has shrunk");
#include "abi.def"
#undef CALL
#undef CALLBACK
#undef VALUE
#undef FIELD
#undef SIZE

#define CALL(name, result, arguments) { #name, (void (*)(void))(name) },
#define CALLBACK(name, result, arguments)
#define VALUE(name, number)
#define FIELD(type, name, kind, at)
#define SIZE(type, bytes)
static const struct {
	const char *name;
	void (*call)(void);
} calls[] = {
#include "abi.def"
};

int main(void)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++)
		if (calls[i].call)
			puts(calls[i].name);
	return 0;
}
