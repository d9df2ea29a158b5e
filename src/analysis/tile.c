/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/tile.h"

#include <math.h>

#define TILES (1 << TILE_ZOOM) /* along each side of the square */

/* Bits of `value` at the even places of the result. */
static guint64 spread_bits(guint32 value)
{
	guint64 bits = value;
	bits = (bits | bits << 16) & G_GUINT64_CONSTANT(0x0000ffff0000ffff);
	bits = (bits | bits << 8) & G_GUINT64_CONSTANT(0x00ff00ff00ff00ff);
	bits = (bits | bits << 4) & G_GUINT64_CONSTANT(0x0f0f0f0f0f0f0f0f);
	bits = (bits | bits << 2) & G_GUINT64_CONSTANT(0x3333333333333333);
	return (bits | bits << 1) & G_GUINT64_CONSTANT(0x5555555555555555);
}

static guint32 gather_bits(guint64 bits)
{
	bits &= G_GUINT64_CONSTANT(0x5555555555555555);
	bits = (bits | bits >> 1) & G_GUINT64_CONSTANT(0x3333333333333333);
	bits = (bits | bits >> 2) & G_GUINT64_CONSTANT(0x0f0f0f0f0f0f0f0f);
	bits = (bits | bits >> 4) & G_GUINT64_CONSTANT(0x00ff00ff00ff00ff);
	bits = (bits | bits >> 8) & G_GUINT64_CONSTANT(0x0000ffff0000ffff);
	return (guint32)(bits | bits >> 16);
}

/* Web mercator (EPSG:3857): the map is a square, north up; x and y run from 0 at its north-west corner to 1. */
Tile tile_of(double lat, double lon)
{
	if (!(fabs(lat) < 90) || !(fabs(lon) <= 180)) /* NAN too */
		return TILE_NONE;
	const double radians = lat * G_PI / 180;
	const double x = (lon + 180) / 360 * TILES;
	const double y = (1 - asinh(tan(radians)) / G_PI) / 2 * TILES;
	if (!(y >= 0) || !(y < TILES))
		return TILE_NONE;
	const guint32 column = x >= TILES ? 0 : (guint32)x; /* 180 degrees east is the western edge */
	return (Tile)(spread_bits(column) | spread_bits((guint32)y) << 1);
}

/* So far inside of its edges no rounding of tile_of leads out of the tile: a tenth of a millimetre; the rounding is a thousandth of
 * it. */
#define EDGE_DEG 1e-9

static double latitude_of(double y)
{
	return atan(sinh(G_PI * (1 - 2 * y / TILES))) * 180 / G_PI;
}

Tile tile_next(TileBox *last, double lat, double lon)
{
	if (lat > last->south && lat < last->north && lon > last->west && lon < last->east)
		return last->tile;
	last->tile = tile_of(lat, lon);
	last->south = last->north = NAN;
	if (last->tile == TILE_NONE)
		return last->tile;
	const guint32 column = gather_bits((guint64)last->tile), row = gather_bits((guint64)last->tile >> 1);
	last->north = latitude_of(row) - EDGE_DEG;
	last->south = latitude_of(row + 1.0) + EDGE_DEG;
	last->west = column / (double)TILES * 360 - 180 + EDGE_DEG;
	last->east = (column + 1.0) / TILES * 360 - 180 - EDGE_DEG;
	return last->tile;
}

void tile_quadkey(Tile tile, char ret_text[TILE_ZOOM + 1])
{
	for (guint i = 0; i < TILE_ZOOM; i++)
		ret_text[i] = (char)('0' + (tile >> 2 * (TILE_ZOOM - 1 - i) & 3));
	ret_text[TILE_ZOOM] = '\0';
}

Tile tile_parse(const char *quadkey)
{
	Tile tile = 0;
	guint n = 0;
	for (; n < TILE_ZOOM && quadkey[n] >= '0' && quadkey[n] <= '3'; n++)
		tile = tile << 2 | (quadkey[n] - '0');
	return n == TILE_ZOOM && quadkey[n] == '\0' ? tile : TILE_NONE;
}

void tile_centre(Tile tile, double *ret_lat, double *ret_lon)
{
	*ret_lon = (gather_bits((guint64)tile) + 0.5) / TILES * 360 - 180;
	*ret_lat = latitude_of(gather_bits((guint64)tile >> 1) + 0.5);
}
