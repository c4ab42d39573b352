"""Sprites and heads: what each factor does to the picture, against what can be computed about it."""

import math

import pytest
import torch

from dgm_helpers import data
from dgm_helpers.data import heads, sprites
from dgm_helpers.data.factors import Factors
from dgm_helpers.data.heads import Heads, render_heads
from dgm_helpers.data.sprites import Sprites, render_sprites

RENDERERS = {
    "sprites 64": Sprites(),
    "sprites 32 smooth": Sprites(size=32, antialias=True),
    "sprites in color": Sprites(size=32, colors=6),
    "heads 32": Heads(),
    "heads 64": Heads(size=64),
}


@pytest.fixture(params=RENDERERS)
def renderer(request):
    return RENDERERS[request.param]


def setting(*numbers):
    return [torch.tensor([number]) for number in numbers]


def coordinates(size):
    """x and y of the centers of the pixels, in units of the picture's side, y downwards."""
    steps = (torch.arange(size) + 0.5) / size
    return steps[None, :].expand(size, size), steps[:, None].expand(size, size)


def centroid(picture):
    x, y = coordinates(picture.shape[-1])
    return ((picture * x).sum() / picture.sum()).item(), ((picture * y).sum() / picture.sum()).item()


class TestFactors:
    factors = Factors(("shape", "x", "y"), (3, 2, 4))

    def test_the_grid_holds_every_combination_once_with_the_last_factor_fastest(self):
        grid = self.factors.grid()
        assert grid.shape == (24, 3) and len({tuple(row) for row in grid.tolist()}) == 24
        assert grid[:5].tolist() == [[0, 0, 0], [0, 0, 1], [0, 0, 2], [0, 0, 3], [0, 1, 0]]

    def test_rows_and_values_are_inverse(self):
        rows = torch.arange(24)
        assert torch.equal(self.factors.rows(self.factors.values(rows)), rows)
        assert torch.equal(self.factors.rows(self.factors.grid().view(2, 12, 3)), rows.view(2, 12))

    def test_samples_are_uniform_in_every_combination(self, generator):
        counts = torch.bincount(self.factors.rows(self.factors.sample(24_000, generator)), minlength=24)
        # Chi-square with 23 degrees of freedom: above 74.0 with probability 3e-7.
        assert ((counts - 1000.0) ** 2 / 1000).sum() < 74.0

    @pytest.mark.parametrize("row", [[0, 0], [3, 0, 0], [0, 0, -1]])
    def test_values_out_of_range_are_refused(self, row):
        with pytest.raises(
            ValueError, match=r"^each row of values must contain shape 0 to 2, x 0 to 1, y 0 to 3$"
        ):
            self.factors.rows(torch.tensor([row]))

    @pytest.mark.parametrize(("names", "sizes"), [((), ()), (("x",), (1, 2)), (("x",), (0,))])
    def test_factors_without_values_are_refused(self, names, sizes):
        with pytest.raises(ValueError, match=r"must have a name and at least one value, got "):
            Factors(names, sizes)


def test_pictures_have_their_shape_and_range(renderer, generator):
    pictures = renderer.render(renderer.factors.sample(20, generator))
    channels = 3 if "color" in renderer.factors.names else 1
    assert pictures.shape == (20, channels, renderer.size, renderer.size) and pictures.dtype == torch.float32
    assert pictures.min() == 0 and 0.5 < pictures.max() <= 1


def test_a_picture_does_not_depend_on_those_beside_it(renderer, generator):
    values = renderer.factors.sample(9, generator)
    together = renderer.render(values)
    for value, picture in zip(values, together, strict=True):
        torch.testing.assert_close(renderer.render(value[None])[0], picture, rtol=0, atol=1e-4)


def test_nothing_is_drawn_from_nothing(renderer):
    assert len(renderer.render(torch.empty(0, len(renderer.factors.names), dtype=torch.long))) == 0


def test_every_factor_changes_the_picture(renderer, generator):
    values = renderer.factors.sample(20, generator)
    pictures = renderer.render(values)
    for column, (name, size) in enumerate(zip(renderer.factors.names, renderer.factors.sizes, strict=True)):
        other = values.clone()
        # A quarter of a turn is nothing to a square, so orientation moves by an eighth.
        other[:, column] = (values[:, column] + (5 if name == "orientation" else size // 2)) % size
        assert (renderer.render(other) != pictures).flatten(1).any(dim=1).all(), name


def test_a_value_out_of_range_is_refused(renderer):
    with pytest.raises(ValueError, match=r"each row of values must contain .* 0 to "):
        renderer.render(torch.tensor([renderer.factors.sizes]))


@pytest.mark.parametrize("kind", [Sprites, Heads])
def test_a_picture_without_pixels_is_refused(kind):
    with pytest.raises(ValueError, match=r"^size must be at least 1 pixel.*, got 0( and 0)?$"):
        kind(size=0)


class TestSprites:
    def test_factors_are_those_of_dsprites(self):
        assert Sprites().factors.names == ("shape", "scale", "orientation", "x", "y")
        assert Sprites().factors.sizes == (3, 6, 40, 32, 32) and Sprites().factors.combinations == 737_280

    def test_binary_unless_edges_are_smooth(self, generator):
        values = Sprites().factors.sample(50, generator)
        assert set(Sprites().render(values).unique().tolist()) == {0, 1}
        assert len(Sprites(antialias=True).render(values).unique()) > 10

    @pytest.mark.parametrize("shape", range(3))
    @pytest.mark.parametrize("scale", [0.5, 0.8, 1.0])
    def test_area_is_that_of_a_square(self, shape, scale):
        picture = render_sprites(*setting(shape, scale, 0.3, 0.5, 0.5), size=256, antialias=True)
        assert picture.mean().item() == pytest.approx((2 * sprites.HALF * scale) ** 2, rel=2e-3)

    @pytest.mark.parametrize("shape", [0, 1])
    def test_the_centroid_is_the_position(self, shape):
        picture = render_sprites(*setting(shape, 1.0, 0.4, 0.37, 0.61), size=128, antialias=True)[0, 0]
        assert centroid(picture) == pytest.approx((0.37, 0.61), abs=1e-3)

    def test_a_square_is_where_it_should_be(self):
        x, y = coordinates(64)
        wanted = ((x - 0.4).abs() < sprites.HALF) & ((y - 0.55).abs() < sprites.HALF)
        assert torch.equal(render_sprites(*setting(0, 1.0, 0.0, 0.4, 0.55))[0, 0], wanted.float())

    def test_an_ellipse_turns_counter_clockwise(self):
        # Lengthwise at first; an eighth of a turn later its long axis points up and to the right.
        picture = render_sprites(*setting(1, 1.0, math.pi / 4, 0.5, 0.5))[0, 0]
        x, y = coordinates(64)
        covariance = ((x - 0.5) * (0.5 - y) * picture).sum() / picture.sum()
        major, minor = sprites.ELLIPSE
        assert covariance.item() == pytest.approx((major**2 - minor**2) / 8, rel=0.03)

    def test_a_heart_points_downwards(self):
        picture = render_sprites(*setting(2, 1.0, 0.0, 0.5, 0.5), size=128)[0, 0]
        widths = picture.sum(dim=1)
        filled = widths.nonzero()[:, 0]
        assert widths[filled[3]] > 2 * widths[filled[-4]] and torch.equal(picture, picture.flip(-1))

    @pytest.mark.parametrize(("shape", "steps"), [(0, 10), (1, 20), (2, 40)])
    def test_symmetry(self, shape, steps):
        turns = torch.arange(0, 40) * (2 * math.pi / 40)
        one = torch.ones(40)
        pictures = render_sprites(one.long() * shape, one, turns, one / 2, one / 2, size=64, antialias=True)
        distance = (pictures - pictures[0]).flatten(1).abs().sum(dim=1)
        assert [k for k in range(40) if distance[k] < 1] == list(range(0, 40, steps))

    def test_no_sprite_is_cut_off(self):
        values = Sprites().factors.values(torch.arange(0, 737_280, 389))
        extremes = values[((values[:, 3:] == 0) | (values[:, 3:] == 31)).any(dim=1) & (values[:, 1] == 5)]
        areas = Sprites(size=64, antialias=True).render(extremes).mean(dim=(1, 2, 3))
        assert len(extremes) > 15
        torch.testing.assert_close(areas, torch.full_like(areas, (2 * sprites.HALF) ** 2), rtol=5e-3, atol=0)

    def test_a_color_is_one_hue_of_the_gray_sprite(self, generator):
        renderer = RENDERERS["sprites in color"]
        values = renderer.factors.sample(40, generator)
        colored, gray = renderer.render(values), Sprites(size=32).render(values[:, 1:])
        inks = {}
        for value, picture, shape in zip(values, colored, gray, strict=True):
            ink = picture.flatten(1).max(dim=1).values
            torch.testing.assert_close(picture, ink[:, None, None] * shape)
            assert torch.equal(inks.setdefault(int(value[0]), ink), ink)
        assert len({tuple(ink.tolist()) for ink in inks.values()}) == len(inks) == 6


class TestHeads:
    def test_factors(self):
        assert Heads().factors.names == ("azimuth", "elevation", "lighting", "width")
        assert Heads(values=(3, 3, 2, 2)).factors.combinations == 36

    def test_a_head_is_symmetric_and_its_mirror_image_turns_the_other_way(self):
        zero, one = torch.zeros(1), torch.ones(1)
        front = render_heads(zero, zero, zero, one, size=64)
        torch.testing.assert_close(front, front.flip(-1), rtol=0, atol=1e-3)
        left = render_heads(-0.6 * one, 0.2 * one, -0.5 * one, one, size=64)
        right = render_heads(0.6 * one, 0.2 * one, 0.5 * one, one, size=64)
        assert (left - right.flip(-1)).abs().mean() < 1e-3 < (left - right).abs().mean()

    def test_the_silhouette_is_the_union_of_the_parts_own(self):
        # Seen from the front, an ellipsoid's outline is its own ellipse.
        picture = render_heads(*setting(0.0, 0.0, 0.0, 1.2), size=64)[0, 0]
        x, y = coordinates(64)
        x, y = (2 * x - 1) * heads.VIEW, (1 - 2 * y) * heads.VIEW
        inside = torch.zeros(64, 64, dtype=torch.bool)
        for center, half, _ in heads.PARTS.values():
            inside |= ((x / 1.2 - center[0]) / half[0]) ** 2 + ((y - center[1]) / half[1]) ** 2 < 1
        # The pixels of the outline itself are means of four rays.
        assert ((picture > 0) == inside).float().mean() > 0.97

    def test_shading_of_the_skull_is_lamberts(self):
        """The crown of the hair, seen from above, is an ellipsoid alone: n·l is known in closed form."""
        azimuth, elevation, lighting, width = 0.4, -0.5, 0.7, 1.1
        rays = 64
        picture = render_heads(*setting(azimuth, elevation, lighting, width), size=rays)[0, 0]
        center, half, albedo = heads.PARTS["hair"]
        turn = torch.tensor(
            [[math.cos(azimuth), 0, math.sin(azimuth)], [0, 1, 0], [-math.sin(azimuth), 0, math.cos(azimuth)]]
        )
        nod = torch.tensor(
            [
                [1, 0, 0],
                [0, math.cos(elevation), math.sin(elevation)],
                [0, -math.sin(elevation), math.cos(elevation)],
            ]
        )
        rotation = nod @ turn
        # A point of the hair well on top of the head, in the head's own coordinates, and where the viewer sees it.
        unit = torch.nn.functional.normalize(torch.tensor([0.15, 1.0, 0.1]), dim=0)
        stretch = torch.tensor([width, 1.0, 1.0])
        point = (torch.tensor(center) + unit * torch.tensor(half)) * stretch
        normal = torch.nn.functional.normalize(unit / torch.tensor(half) / stretch, dim=0)
        light = torch.nn.functional.normalize(
            torch.tensor([math.sin(lighting), 0.35, math.cos(lighting)]), dim=0
        )
        wanted = albedo * (heads.AMBIENT + heads.DIFFUSE * (rotation @ normal) @ light)
        x, y, _ = rotation @ point
        column = int((x / heads.VIEW + 1) / 2 * rays)
        row = int((1 - y / heads.VIEW) / 2 * rays)
        assert picture[row, column].item() == pytest.approx(wanted.item(), abs=0.01)

    def test_light_comes_from_where_it_should(self):
        zero, one = torch.zeros(2), torch.ones(2)
        pictures = render_heads(zero, zero, torch.tensor([-1.0, 1.0]), one, size=32)[:, 0]
        left, right = pictures[..., :16].mean(dim=(1, 2)), pictures[..., 16:].mean(dim=(1, 2))
        assert left[0] > 1.3 * right[0] and right[1] > 1.3 * left[1]

    def test_width_widens(self):
        zero = torch.zeros(2)
        pictures = render_heads(zero, zero, zero, torch.tensor([0.8, 1.2]), size=64)[:, 0]
        columns = (pictures > 0).any(dim=1).sum(dim=1)
        assert columns[1] / columns[0] == pytest.approx(1.5, rel=0.06)
        rows = (pictures > 0).any(dim=2).sum(dim=1)
        assert rows[0] == rows[1]

    def test_the_nose_points_right_and_up(self):
        # In profile the tip of the nose is the rightmost point but for the neck: the ellipsoid's own extent.
        def rightmost(azimuth, elevation):
            picture = render_heads(*setting(azimuth, elevation, 0.0, 1.0), size=128)[0, 0]
            column = (picture > 0).any(dim=0).nonzero().max().item()
            return (column + 0.5) / 128, (picture[:, column] > 0).nonzero().float().mean().item() / 128

        (center, half, _), sin, cos = heads.PARTS["tip of the nose"], math.sin(1.2), math.cos(1.2)
        extent = center[2] * sin + math.hypot(half[0] * cos, half[2] * sin)
        (x, y), (_, up) = rightmost(1.2, 0.0), rightmost(1.2, 0.4)
        assert (2 * x - 1) * heads.VIEW == pytest.approx(extent, abs=0.03)
        assert (1 - 2 * y) * heads.VIEW == pytest.approx(center[1], abs=0.05) and up < y - 0.02


class TestRenderedDataSets:
    @pytest.mark.parametrize("name", data.RENDERED)
    def test_splits_are_disjoint_in_values_and_pictures(self, name):
        dataset = data.load(name)
        for train, test in ((dataset.train, dataset.test), (dataset.train_factors, dataset.test_factors)):
            first, second = ({row.numpy().tobytes() for row in part} for part in (train, test))
            assert len(first) == len(train) and len(second) == len(test) and not first & second
        assert "test split" in dataset.provenance and dataset.license.startswith("MIT")

    def test_pictures_labels_and_factors_belong_together(self):
        dataset = data.rendered(Sprites(size=16), train=60, test=20, label="scale")
        assert dataset.train.shape == (60, 1, 16, 16) and dataset.test_factors.shape == (20, 5)
        assert torch.equal(Sprites(size=16).render(dataset.train_factors), dataset.train)
        assert torch.equal(dataset.test_labels, dataset.test_factors[:, 1])

    def test_the_seed_is_the_order(self):
        first, again, other = (
            data.rendered(Sprites(size=8), train=20, test=5, label="x", seed=s) for s in (1, 1, 2)
        )
        assert torch.equal(first.train, again.train) and not torch.equal(first.train, other.train)

    def test_impossible_requests_are_refused(self):
        small = Heads(size=4, values=(3, 1, 1, 1))
        message = r"^train \+ test must be at most 3, the number of different images, got 5$"
        with pytest.raises(ValueError, match=message):
            data.rendered(small, train=4, test=1, label="azimuth")
        with pytest.raises(
            ValueError, match=r"^label must be one of the factors azimuth, elevation, .*; got 'hue'$"
        ):
            data.rendered(small, train=2, test=1, label="hue")
