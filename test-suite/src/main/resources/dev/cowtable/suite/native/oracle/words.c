/*
 * The litmus language, a line at a time: words, numbers, pages, ranges, options.
 *
 * The caller has checked the file already; what is wrong all the same ends the run as bad input.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "oracle.h"

#define MAX_WORDS 64

static char *words[MAX_WORDS];
static int nr_words, next_word;
static char *line_copy, *text;

/* Takes a line apart; the number of its words. */
int read_line(const char *line)
{
	size_t size = strlen(line) + 1;
	char *comment;

	free(line_copy);
	free(text);
	line_copy = strdup(line);
	text = calloc(1, size);
	comment = strchr(line_copy, '#');
	if (comment)
		*comment = 0;
	nr_words = next_word = 0;
	for (char *w = strtok(line_copy, " \t\r\n"); w; w = strtok(NULL, " \t\r\n")) {
		if (nr_words == MAX_WORDS)
			bad_input("too many words");
		words[nr_words++] = w;
		strcat(strcat(text, *text ? " " : ""), w);
	}
	return nr_words;
}

/* The line without its comment and with single blanks. */
const char *line_text(void)
{
	return text;
}

int words_left(void)
{
	return nr_words - next_word;
}

const char *word(const char *what)
{
	if (!words_left())
		bad_input("missing %s", what);
	return words[next_word++];
}

int accept(const char *expected)
{
	int there = words_left() && !strcmp(words[next_word], expected);

	next_word += there;
	return there;
}

int has_flag(const char *flag)
{
	for (int i = next_word; i < nr_words; i++)
		if (!strcmp(words[i], flag))
			return 1;
	return 0;
}

const char *option(const char *key)
{
	size_t length = strlen(key);

	for (int i = next_word; i < nr_words; i++)
		if (!strncmp(words[i], key, length) && words[i][length] == '=')
			return words[i] + length + 1;
	return NULL;
}

long option_number(const char *key, long otherwise)
{
	const char *value = option(key);

	return value ? number_in(value) : otherwise;
}

long option_hex(const char *key, long otherwise)
{
	const char *value = option(key);

	return value ? (long)strtoul(value, NULL, 16) : otherwise;
}

long number_in(const char *digits)
{
	char *end;
	long value = strtol(digits, &end, 10);

	if (!isdigit((unsigned char)*digits) || *end)
		bad_input("malformed number '%s'", digits);
	return value;
}

long number(const char *what)
{
	return number_in(word(what));
}

long byte_word(void)
{
	long value = number("value");

	if (value > 255)
		bad_input("value %ld is more than a byte", value);
	return value;
}

int process_word(void)
{
	const char *name = word("process");
	long n = *name == 'P' ? number_in(name + 1) : -1;

	if (n < 0)
		bad_input("expected a process, got '%s'", name);
	if (n >= MAX_PROCESSES - 1)
		cannot("line %d: process numbers go up to %d here", line_number, MAX_PROCESSES - 2);
	return n;
}

struct area *area_word(void)
{
	return area_named(word("area"));
}

struct range range_of(struct area *area, long first, long end)
{
	return (struct range){area, first, end, area->va + first * PAGE, end - first};
}

/* A i j, or a bare A. */
struct range range_words(void)
{
	struct area *area = area_word();
	long first, end;

	if (!words_left() || !isdigit((unsigned char)words[next_word][0]))
		return range_of(area, 0, area->pages);
	first = number("first page");
	end = number("end page");
	if (first >= end || end > area->pages)
		bad_input("range outside %s", area->name);
	return range_of(area, first, end);
}

/* Address of A+k, or of a bare A, with that many pages after it. */
u64 page_in(const char *name, long pages)
{
	char *copy = strdup(name);
	char *plus = strchr(copy, '+');
	long k = plus ? number_in(plus + 1) : 0;
	struct area *area;

	if (plus)
		*plus = 0;
	area = area_named(copy);
	if (k + pages > area->pages)
		bad_input("%s is outside its area", name);
	free(copy);
	return area->va + k * PAGE;
}

u64 page_word(void)
{
	return page_in(word("page"), 1);
}

int protection(const char *name)
{
	if (!strcmp(name, "none"))
		return PROT_NONE;
	if (!strcmp(name, "r"))
		return PROT_READ;
	if (!strcmp(name, "rw"))
		return PROT_READ | PROT_WRITE;
	if (!strcmp(name, "rwx"))
		return PROT_READ | PROT_WRITE | PROT_EXEC;
	bad_input("unknown protection '%s'", name);
}

/* The kernel's number for an advice word; by number, as libc headers may lack the newer names. */
int advice_word(void)
{
	static const struct { const char *name; int number; } advice[] = {
		{"normal", 0}, {"random", 1}, {"willneed", 3}, {"dontneed", 4}, {"free", 8}, {"dontfork", 10},
		{"dofork", 11}, {"mergeable", 12}, {"unmergeable", 13}, {"hugepage", 14}, {"nohugepage", 15},
		{"wipeonfork", 18}, {"keeponfork", 19}, {"cold", 20}, {"pageout", 21}, {"populate_read", 22},
		{"populate_write", 23}, {"dontneed_locked", 24}, {"collapse", 25}, {"guard_install", 102},
		{"guard_remove", 103}};
	const char *name = word("advice");

	for (unsigned i = 0; i < sizeof(advice) / sizeof(*advice); i++)
		if (!strcmp(name, advice[i].name))
			return advice[i].number;
	bad_input("unknown advice '%s'", name);
}
