/* frame.h - MBIM messages as bytes: headers, fragments, and what is no message at all.
 *
 * This room knows the envelope and nothing of what the commands mean. It is written from the specification (USB-IF, Mobile
 * Broadband Interface Model 1.0 errata 1, chapter 9), not on top of libmbim: the simulator must not inherit a mistake of
 * the decoder that it is there to test.
 *
 * A message, all numbers little-endian:
 *
 *	type u32 | length u32 (of all of it) | transaction u32 | the rest
 *	OPEN 00000001            MaxControlTransfer u32           OPEN_DONE 80000001       status u32
 *	CLOSE 00000002           -                                CLOSE_DONE 80000002      status u32
 *	HOST_ERROR 00000004      error u32                        FUNCTION_ERROR 80000004  error u32
 *	COMMAND 00000003         fragments u32, number u32 from 0, then a piece of:
 *	                         service 16 octets | CID u32 | set u32 | length u32 | information buffer
 *	COMMAND_DONE 80000003    the same, with a status u32 in place of set
 *	INDICATE_STATUS 80000007 the same without it
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "bytes.h"
#include "sim/port/link.h"

#include <glib.h>

#define SIM_MBIM_UUID_SIZE    16
#define SIM_MBIM_INFO_MAX     8192 /* information buffer of the longest command and answer */
#define SIM_MBIM_TRANSFER_MIN 64   /* least wMaxControlMessage of the specification */

typedef enum {
	SIM_MBIM_OPEN = 1,
	SIM_MBIM_CLOSE = 2,
	SIM_MBIM_COMMAND = 3,
	SIM_MBIM_HOST_ERROR = 4,
	SIM_MBIM_OPEN_DONE = (int)0x80000001,
	SIM_MBIM_CLOSE_DONE = (int)0x80000002,
	SIM_MBIM_COMMAND_DONE = (int)0x80000003,
	SIM_MBIM_FUNCTION_ERROR = (int)0x80000004,
	SIM_MBIM_INDICATE_STATUS = (int)0x80000007,
} SimMbimType;

/* What a FUNCTION_ERROR says (9.3.4). */
typedef enum {
	SIM_MBIM_ERROR_NONE = 0,
	SIM_MBIM_ERROR_FRAGMENT_OUT_OF_SEQUENCE = 2,
	SIM_MBIM_ERROR_LENGTH_MISMATCH = 3,
	SIM_MBIM_ERROR_NOT_OPENED = 5,
	SIM_MBIM_ERROR_MAX_TRANSFER = 8,
} SimMbimError;

/* One message as it came in; `rest` is borrowed from the buffer that was parsed. */
typedef struct {
	SimMbimType type;
	guint32 transaction;
	ByteReader rest;
} SimMbimMessage;

/* Cuts what comes over the line into messages (SimCutFunc). A message counts only when its type is one that a host sends and
 * its length fits the type. */
SimCut sim_mbim_cut(const guint8 *data, gsize length, gsize *ret_size);
/* `data` is a message that sim_mbim_cut() found. */
SimMbimMessage sim_mbim_parse(const guint8 *data, gsize size);

/* A command that is put together from its fragments. */
typedef struct {
	gboolean open; /* some are there, more are to come */
	guint32 transaction, total, next;
	guint8 data[SIM_MBIM_INFO_MAX];
	ByteWriter writer;
} SimMbimAssembly;

typedef enum {
	SIM_MBIM_ASSEMBLY_MORE,   /* taken in; the command is not whole yet */
	SIM_MBIM_ASSEMBLY_WHOLE,  /* data[0 .. writer.length) is the command */
	SIM_MBIM_ASSEMBLY_BROKEN, /* *ret_error says why; what had come of it is dropped */
} SimMbimAssemblyResult;

/* Takes a COMMAND's fragment in. The first fragment of another command ends one that never became whole. */
SimMbimAssemblyResult sim_mbim_assembly_add(SimMbimAssembly *assembly, SimMbimMessage *message, SimMbimError *ret_error);

/* A whole command; `service` and `info` are borrowed. */
typedef struct {
	const guint8 *service;
	guint32 cid;
	gboolean is_set;
	ByteReader info;
} SimMbimCommand;

/* FALSE when the command's own length disagrees with what there is. */
gboolean sim_mbim_command_parse(const guint8 *data, gsize size, SimMbimCommand *ret_command);

/* Where messages go. */
typedef struct {
	SimMessageFunc send;
	gpointer user_data;
	gsize max_transfer; /* longest message; longer ones go in fragments */
} SimMbimOutlet;

/* OPEN_DONE, CLOSE_DONE and FUNCTION_ERROR: a message of one number. */
void sim_mbim_send_number(const SimMbimOutlet *outlet, SimMbimType type, guint32 transaction, guint32 number);
/* A COMMAND_DONE (with its status) or INDICATE_STATUS (`status` is ignored), in as many fragments as it takes. */
void sim_mbim_send_info(const SimMbimOutlet *outlet, SimMbimType type, guint32 transaction, const guint8 *service, guint32 cid,
			guint32 status, const void *info, gsize info_size);
