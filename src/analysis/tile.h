/* tile.h - web-mercator tiles of zoom 18 (about 100 m), by which places are compared.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

#define TILE_ZOOM 18

/* Quadkey as a number: x and y interleaved, so that tiles near each other have numbers near each other. */
typedef gint64 Tile;
#define TILE_NONE ((Tile)-1)

/* TILE_NONE beyond the mercator square (85.05 degrees) or for NAN. */
Tile tile_of(double lat, double lon);
/* The same of one place after the other, mostly in one tile: cheaper, since `last` knows that tile's edges. Zero-initialised at
 * first. */
typedef struct {
	Tile tile;
	double south, west, north, east;
} TileBox;
Tile tile_next(TileBox *last, double lat, double lon);
/* "120301..." of 18 digits, as in Bing's and Ookla's tiles. */
void tile_quadkey(Tile tile, char ret_text[TILE_ZOOM + 1]);
/* TILE_NONE for what is no quadkey of zoom 18. */
Tile tile_parse(const char *quadkey);
/* Its middle. */
void tile_centre(Tile tile, double *ret_lat, double *ret_lon);
