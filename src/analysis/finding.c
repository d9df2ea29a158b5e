/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/finding.h"

void sentence_free(Sentence *s)
{
	if (!s)
		return;
	g_free(s->text);
	g_free(s);
}

void finding_free(Finding *f)
{
	if (!f)
		return;
	g_ptr_array_unref(f->sentences);
	g_free(f);
}

static void add_sentence(Finding *f, EvidenceKind kind, Verdict other, const char *format, va_list args)
{
	g_autofree char *text = g_strdup_vprintf(format, args);
	for (guint i = 0; i < f->sentences->len; i++) {
		const Sentence *said = g_ptr_array_index(f->sentences, i);
		if (said->kind == kind && said->other == other && g_str_equal(said->text, text))
			return;
	}
	Sentence *s = g_new0(Sentence, 1);
	*s = (Sentence){kind, other, g_steal_pointer(&text)};
	g_ptr_array_add(f->sentences, s);
}

void finding_say(Finding *f, EvidenceKind kind, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	add_sentence(f, kind, f->verdict, format, args);
	va_end(args);
}

void finding_alternative(Finding *f, Verdict other, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	add_sentence(f, EVIDENCE_ALTERNATIVE, other, format, args);
	va_end(args);
}

void finding_cap(Finding *f, Confidence most)
{
	f->confidence = MIN(f->confidence, most);
}

void tally_add(Tally *t, double value)
{
	if (isnan(value))
		return;
	if (t->n == 0) {
		*t = (Tally){.least = value, .most = value, .first = value};
	}
	t->n++;
	t->sum += value;
	t->least = fmin(t->least, value);
	t->most = fmax(t->most, value);
	t->last = value;
}

double tally_mean(const Tally *t)
{
	return t->n ? t->sum / t->n : NAN;
}
