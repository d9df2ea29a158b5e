/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/ask.h"

#include "error.h"
#include "source.h"

#define SWEEP_MS 1000

typedef struct Question Question;

typedef struct {
	GMainLoop *loop;
	guint unstopped; /* sources that have not come to their end */
	guint over_id, patience_id;
	GPtrArray *questions;
} Round;

struct Question {
	SourceHost host; /* first member */
	Round *round;
	Answer *answer;
	Source *source;
	gboolean stopping, stopped;
	guint stop_id;
};

void answer_free(Answer *answer)
{
	g_free(answer->sentence);
	g_free(answer);
}

static void on_stopped(Source *source, gpointer user_data)
{
	Question *q = user_data;
	(void)source;
	q->stopped = TRUE;
	if (--q->round->unstopped == 0)
		g_main_loop_quit(q->round->loop);
}

static void stop(Question *q)
{
	if (q->stopping || !q->source)
		return;
	q->stopping = TRUE;
	q->source->class->stop(q->source, on_stopped, q);
}

/* Never from within the source's own call. */
static gboolean on_answered(gpointer data)
{
	Question *q = data;
	q->stop_id = 0;
	stop(q);
	return G_SOURCE_REMOVE;
}

static void host_observe(SourceHost *host, Observation *o)
{
	Question *q = (Question *)host;
	if (o->kind == OBSERVATION_DEVICE) {
		q->answer->device = *o;
		q->answer->has_device = TRUE;
	} else if (o->kind == OBSERVATION_RADIO && !q->answer->answered) {
		q->answer->radio = *o;
		q->answer->answered = TRUE;
		q->stop_id = g_idle_add(on_answered, q);
	}
}

static void host_tell(SourceHost *host, const char *source, const char *sentence)
{
	Question *q = (Question *)host;
	(void)source;
	g_free(q->answer->sentence);
	q->answer->sentence = g_strdup(sentence);
}

static void drop_log(const char *domain, GLogLevelFlags level, const char *message, gpointer data)
{
	(void)domain;
	(void)level;
	(void)message;
	(void)data;
}

static void begin(Round *round, Answer *answer)
{
	g_autoptr(GError) error = NULL;
	Question *q = g_new0(Question, 1);
	ConfigSource config = {.name = (char *)"modem", .type = (char *)"modem", .address = (char *)answer->node, .guest = TRUE};
	q->host.observe = host_observe;
	q->host.tell = host_tell;
	q->host.interval_ms = SWEEP_MS;
	q->round = round;
	q->answer = answer;
	q->source = source_new(&config, &q->host, &error);
	g_ptr_array_add(round->questions, q);
	if (!q->source) {
		answer->sentence = g_strdup(error->message);
		return;
	}
	round->unstopped++;
	q->source->class->start(q->source);
}

static gboolean on_time_over(gpointer data)
{
	Round *round = data;
	round->over_id = 0;
	for (guint i = 0; i < round->questions->len; i++)
		stop(g_ptr_array_index(round->questions, i));
	return G_SOURCE_REMOVE;
}

static gboolean on_patience_over(gpointer data)
{
	Round *round = data;
	round->patience_id = 0;
	g_main_loop_quit(round->loop);
	return G_SOURCE_REMOVE;
}

/* A source that did not come to its end still has callbacks under way: it is left to the end of the process. */
static void forget(Question *q)
{
	g_clear_handle_id(&q->stop_id, g_source_remove);
	if (q->source && !q->stopped)
		return;
	source_free(q->source);
	g_free(q);
}

void ask_modems(GPtrArray *answers, guint seconds)
{
	g_autoptr(GPtrArray) questions = g_ptr_array_new();
	Round round = {.loop = g_main_loop_new(NULL, FALSE), .questions = questions};
	g_log_set_handler("Qmi", G_LOG_LEVEL_WARNING | G_LOG_LEVEL_MESSAGE, drop_log, NULL);
	g_log_set_handler("Mbim", G_LOG_LEVEL_WARNING | G_LOG_LEVEL_MESSAGE, drop_log, NULL);
	for (guint i = 0; i < answers->len; i++)
		begin(&round, g_ptr_array_index(answers, i));
	round.over_id = g_timeout_add_seconds(seconds, on_time_over, &round);
	round.patience_id = g_timeout_add_seconds(2 * seconds, on_patience_over, &round);
	if (round.unstopped > 0)
		g_main_loop_run(round.loop);
	g_clear_handle_id(&round.over_id, g_source_remove);
	g_clear_handle_id(&round.patience_id, g_source_remove);
	for (guint i = 0; i < questions->len; i++)
		forget(g_ptr_array_index(questions, i));
	g_main_loop_unref(round.loop);
}
