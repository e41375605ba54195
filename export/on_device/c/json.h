/* Reads JSON where it stands: a value is where its text begins, and nothing is allocated. */
#ifndef JSON_H_
#define JSON_H_

#include <stddef.h>

/* A value within a text that json_check found well formed; {0} where there is none. */
typedef struct {
  const char *at;
} Json;

/* What the text, ended by NUL, holds; {0} if it is no JSON, or nested deeper than 32. */
Json json_check(const char *text);

/* A member of an object; {0} if it is absent or the value is no object. */
Json json_member(Json object, const char *name);

/* One element of an array, or one member of an object; value {0} behind the last. */
typedef struct {
  Json name, value;
} JsonItem;

JsonItem json_first(Json container);
JsonItem json_next(JsonItem item);

/* Whether the value is a number; out is set if so. json_int wants digits only, within int. */
int json_double(Json value, double *out);
int json_int(Json value, int *out);

/* The string in UTF-8, with NUL; its length, or -1 if it is no string or size is too small. */
int json_string(Json value, char *out, size_t size);

/* Whether the value is this string. */
int json_is(Json value, const char *text);

#endif
