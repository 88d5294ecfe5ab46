"""The visible checks of assignment 05 name the slips that they know, and let nothing through that is plainly wrong."""

from contextlib import contextmanager, nullcontext

import pytest
import torch
import torch.nn.functional as F
from notebooks import namespace

from convcourse import checks
from convcourse.checks.core import CheckFailed

RIGHT = namespace("05-interpretability")


@contextmanager
def evaluating(model):
    with RIGHT["evaluating"](model):
        yield


def covering(
    *, reset=True, fill=None, channels=slice(None), after=lambda p, p0: p, axis=1, mode=evaluating, logits=False
):
    """An `occlusion_map` with one thing wrong."""

    def occlusion_map(model, image, target, patch_size, stride, fill_given=0.0, **named):
        value = named.get("fill", fill_given) if fill is None else fill
        height, width = image.shape[1:]
        covered, rows = image.clone(), []

        def asked(one):
            with mode(model), torch.no_grad():
                found = model(one[None])
            return found[0, target] if logits else found.softmax(axis)[0, target]

        for top in range(0, height - patch_size + 1, stride):
            rows.append([])
            for left in range(0, width - patch_size + 1, stride):
                covered = image.clone() if reset else covered
                covered[channels, top : top + patch_size, left : left + patch_size] = value
                rows[-1].append(asked(covered))
        return after(torch.stack([torch.stack(row) for row in rows]), asked(image))

    return occlusion_map


def kept(*, copy=True, part=None, remove=True, detached=True, mode=evaluating, final=True):
    """An `activations` with one thing wrong."""

    def activations(model, layer, images):
        found = []

        def hook(module, inputs, output):
            output = inputs[0] if part == "input" else output
            found.append((output.detach() if detached else output).clone() if copy else output.detach())

        handle = layer.register_forward_hook(hook)
        try:
            with mode(model):
                logits = model(images)
        except RuntimeError:
            if final and remove:
                handle.remove()
            raise
        if remove:
            handle.remove()
        return logits.detach() if part == "model" else found[0]

    return activations


def stopped(model, layer, images):
    """An `activations` that runs the model no further than it must."""

    class Reached(Exception):
        pass

    def hook(module, inputs, output):
        raise Reached(output.clone())

    with layer.register_forward_hook(hook), evaluating(model), torch.no_grad():
        try:
            model(images)
        except Reached as reached:
            return reached.args[0]


def error_caught(model, layer, images):
    try:
        return kept()(model, layer, images)
    except RuntimeError:
        return None


def best(window=lambda box, shape: box, value=lambda v: v, chosen=lambda found: found, *, hook=False, mode=evaluating):
    """A `top_patches` with one thing wrong."""

    def top_patches(model, layer, channel, images, k):
        found = RIGHT["top_patches"](model, layer, channel, images, len(images))
        if hook:
            with mode(model), torch.no_grad():
                seen = []
                handle = layer.register_forward_hook(lambda module, inputs, output: seen.append(output))
                model(images)
                handle.remove()
            values, order = seen[0][:, channel].flatten(1).max(1).values.sort(descending=True)
            found = [(int(i), box, v.item()) for i, v, (_, box, _) in zip(order, values, found)]
        return chosen([(i, window(box, images.shape), value(v)) for i, box, v in found])[:k]

    return top_patches


def derived(by=lambda logits, target: logits[target], after=lambda g, x: g.abs().amax(0), *, mode=evaluating, on=None):
    """A `saliency` with one thing wrong."""

    def saliency(model, image, target):
        x = image.clone().requires_grad_() if on is None else on(image)
        with mode(model):
            value = by(model(x[None])[0], target)
        (gradient,) = torch.autograd.grad(value, x)
        return after(gradient, image)

    return saliency


def by_backward(model, image, target):
    x = image.clone().requires_grad_()
    with evaluating(model):
        model(x[None])[0, target].backward()
    return x.grad.abs().amax(0)


def gradient_left_in_the_image(model, image, target):
    flags = [parameter.requires_grad for parameter in model.parameters()]
    with evaluating(model.requires_grad_(False)):
        model(image.requires_grad_()[None])[0, target].backward()
    for parameter, flag in zip(model.parameters(), flags):
        parameter.requires_grad_(flag)
    return image.requires_grad_(False).grad.abs().amax(0)


def flags_off(model, image, target):
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    return RIGHT["saliency"](model, image, target)


def cam(
    *,
    by=lambda logits, target: logits[target],
    weigh=lambda g, a: g.mean((2, 3), keepdim=True) * a,
    small=F.relu,
    enlarge=lambda m, size: F.interpolate(m, size, mode="bilinear", align_corners=False),
    scale=lambda m: m / m.max() if m.max() > 0 else m,
    copy=True,
    remove=True,
    image_asks=True,
    mode=evaluating,
):
    """A `grad_cam` with one thing wrong."""

    def grad_cam(model, layer, image, target):
        kept = []

        def hook(module, inputs, output):
            kept.append(output)
            return output.clone() if copy else None

        handle = layer.register_forward_hook(hook)
        with mode(model):
            logits = model(image.clone()[None].requires_grad_(image_asks))[0]
        if remove:
            handle.remove()
        (gradient,) = torch.autograd.grad(by(logits, target), kept[0])
        return scale(enlarge(small(weigh(gradient, kept[0]).sum(1, keepdim=True)), image.shape[1:])[0, 0]).detach()

    return grad_cam


def path(at=lambda i, m: (i + 0.5) / m, after=lambda total, image, m: image * total / m, mode=evaluating):
    """An `integrated_gradients` with one thing wrong."""

    def integrated_gradients(model, image, target, steps=50):
        total = torch.zeros_like(image)
        with mode(model):
            for i in range(steps):
                x = (at(i, steps) * image).requires_grad_()
                total += torch.autograd.grad(model(x[None])[0, target], x)[0]
        return after(total, image, steps)

    return integrated_gradients


def stays_in_eval(model):
    model.eval()
    return nullcontext()


def as_it_comes(model):
    return nullcontext()


SLIPS = [
    ("occlusion_map", covering(logits=True), "Take the softmax"),
    ("occlusion_map", covering(after=lambda p, p0: p0 - p), "losses of probability"),
    ("occlusion_map", covering(after=lambda p, p0: p - p0), "gains of probability"),
    ("occlusion_map", covering(after=lambda p, p0: 1 - p), "1 minus the probability"),
    ("occlusion_map", covering(after=lambda p, p0: p.log()), "logarithms"),
    ("occlusion_map", covering(after=lambda p, p0: p / p0), "scaled"),
    ("occlusion_map", covering(after=lambda p, p0: (p - p.min()) / (p.max() - p.min())), "scaled"),
    ("occlusion_map", covering(after=lambda z, z0: z.sigmoid(), logits=True), "sigmoids"),
    ("occlusion_map", covering(after=lambda p, p0: p.mT), "exchanges rows and columns"),
    ("occlusion_map", covering(after=lambda p, p0: p0.expand_as(p)), "covers nothing"),
    ("occlusion_map", covering(reset=False), "squares before are still covered"),
    ("occlusion_map", covering(channels=slice(1)), "first channel alone"),
    ("occlusion_map", covering(fill=0.0), "ignores fill"),
    ("occlusion_map", lambda m, i, t, p, s, fill=0.0: covering()(m, i, t, min(s, 6), p, fill), "patch_size and stride"),
    ("occlusion_map", covering(mode=as_it_comes), "have changed after the call"),
    ("occlusion_map", covering(mode=stays_in_eval), "with evaluating"),
    ("occlusion_map", covering(after=lambda p, p0: p.double()), "dtype must be torch.float32"),
    ("activations", kept(copy=False), "Keep a copy"),
    ("activations", kept(part="model"), "output of the model"),
    ("activations", kept(part="input"), "input of the layer"),
    ("activations", kept(detached=False), "must be detached"),
    ("activations", kept(remove=False), r"call its `remove\(\)`"),
    ("activations", kept(final=False), "in a `finally`"),
    ("activations", error_caught, "must go on to the caller"),
    ("activations", lambda *given: kept()(*given).double(), "dtype must be torch.float32"),
    ("activations", kept(mode=as_it_comes), "have changed after the call"),
    ("activations", lambda model, layer, x: [kept()(model, layer, x)], "a list or a tuple"),
    ("top_patches", best(chosen=lambda found: found[::-1]), "smallest values"),
    ("top_patches", best(chosen=lambda found: found[2::-1]), "best comes first"),
    ("top_patches", best(chosen=lambda found: found[1:]), "not those with the largest values"),
    ("top_patches", best(chosen=lambda found: tuple(found[:1])), "k=3 entries"),
    ("top_patches", best(chosen=lambda found: [entry[:2] for entry in found]), "An entry must be"),
    ("top_patches", best(value=lambda v: v + 1), "largest number in the channel's map"),
    ("top_patches", best(lambda b, s: (b[1], b[0], b[3], b[2])), "Rows come first"),
    ("top_patches", best(lambda b, s: (b[0], b[1], b[2] - b[0], b[3] - b[1])), "Return where it ends"),
    ("top_patches", best(lambda b, s: (b[0], b[1], b[2] - 1, b[3] - 1)), "one pixel too early"),
    ("top_patches", best(lambda b, s: (b[0] - 30, *b[1:])), "Clip it to the image"),
    ("top_patches", best(lambda b, s: tuple(map(float, b))), "must be four ints"),
    ("top_patches", best(lambda b, s: (b[0] + 1, b[1], b[2], b[3])), "must have 3 × 3 pixels"),
    ("top_patches", best(hook=True), "layer's own output"),
    ("saliency", derived(lambda z, t: z.softmax(0)[t]), "derivative of the probability"),
    ("saliency", derived(lambda z, t: z.log_softmax(0)[t]), "derivative of a loss"),
    ("saliency", derived(lambda z, t: z.sum()), "sum of all logits"),
    ("saliency", derived(lambda z, t: z.max()), "largest logit"),
    ("saliency", derived(after=lambda g, x: g.relu().amax(0)), "negative derivatives"),
    ("saliency", derived(after=lambda g, x: g.norm(dim=0)), "norm over the channels"),
    ("saliency", derived(after=lambda g, x: g[0].abs()), "first channel alone"),
    ("saliency", derived(after=lambda g, x: g.amax(0)), "leaves the absolute value out"),
    ("saliency", derived(after=lambda g, x: g.amax(0).abs()), "before the largest one"),
    ("saliency", derived(after=lambda g, x: g.abs().sum(0)), "adds up the channels"),
    ("saliency", derived(after=lambda g, x: g.abs().mean(0)), "mean over the channels"),
    ("saliency", derived(after=lambda g, x: g.abs()), "one map a channel"),
    ("saliency", derived(after=lambda g, x: (g * x).abs().amax(0)), "multiplied by the image"),
    ("saliency", derived(after=lambda g, x: g.abs().amax(0) / g.abs().max()), "is scaled"),
    ("saliency", derived(on=lambda image: image.requires_grad_()), "requires a gradient after the call"),
    ("saliency", gradient_left_in_the_image, "The image has a `.grad` after the call"),
    ("saliency", derived(after=lambda g, x: g.abs().max(dim=0)), "yours returned a tuple instead of a tensor"),
    ("saliency", derived(mode=as_it_comes), "have changed after the call"),
    ("saliency", derived(after=lambda g, x: g.abs().amax(0).double()), "dtype must be torch.float32"),
    ("saliency", by_backward, "torch.autograd.grad"),
    ("saliency", flags_off, "is another one after the call"),
    ("grad_cam", cam(by=lambda z, t: z.softmax(0)[t]), "derivative of the probability"),
    ("grad_cam", cam(small=lambda m: m), "leaves the ReLU out"),
    ("grad_cam", cam(small=lambda m: m, scale=lambda m: m.relu() / m.max()), "enlarges before the ReLU"),
    ("grad_cam", cam(weigh=lambda g, a: g.mean((2, 3), keepdim=True) * a.relu()), "ReLU of each map"),
    ("grad_cam", cam(weigh=lambda g, a: g.mean((2, 3), keepdim=True).relu() * a), "must be"),
    ("grad_cam", cam(weigh=lambda g, a: g * a), "each position by its own derivative"),
    ("grad_cam", cam(weigh=lambda g, a: g.abs().mean((2, 3), keepdim=True) * a), "absolute value"),
    ("grad_cam", cam(weigh=lambda g, a: a), "without weights"),
    ("grad_cam", cam(scale=lambda m: m), "not divided by its maximum"),
    ("grad_cam", cam(small=lambda m: F.relu(m) / m.max(), scale=lambda m: m), "before it enlarges"),
    ("grad_cam", cam(enlarge=lambda m, size: m), "not enlarged"),
    ("grad_cam", cam(enlarge=lambda m, size: F.interpolate(m, size)), "nearest position"),
    (
        "grad_cam",
        cam(enlarge=lambda m, size: F.interpolate(m, size, mode="bilinear", align_corners=True)),
        "align_corners=True",
    ),
    ("grad_cam", cam(copy=False), "in-place"),
    ("grad_cam", cam(scale=lambda m: m / m.max()), "NaN"),
    ("grad_cam", cam(image_asks=False), "require no gradient|does not require grad"),
    ("grad_cam", cam(scale=lambda m: (m / m.max()).double()), "dtype must be torch.float32"),
    ("grad_cam", cam(remove=False), "A hook is left"),
    ("grad_cam", cam(mode=as_it_comes), "train mode"),
    ("integrated_gradients", path(at=lambda i, m: i / m), "begins at α = 0"),
    ("integrated_gradients", path(at=lambda i, m: (i + 1) / m), "ends at α = 1"),
    ("integrated_gradients", path(at=lambda i, m: i / max(1, m - 1)), "begins at α = 0|from α = 0 to 1"),
    ("integrated_gradients", path(at=lambda i, m: 1), "at the image itself|ends at α = 1"),
    ("integrated_gradients", path(after=lambda total, image, m: total / m), "not multiplied by the image"),
    ("integrated_gradients", path(after=lambda total, image, m: total * image), "sum of the gradients"),
    ("integrated_gradients", path(after=lambda total, image, m: (total * image).abs() / m), "absolute value"),
    (
        "integrated_gradients",
        path(after=lambda total, image, m: image.double() * total / m),
        "dtype must be torch.float32",
    ),
    ("integrated_gradients", path(mode=as_it_comes), "have changed after the call"),
]


@pytest.mark.parametrize(("name", "wrong", "said"), SLIPS)
def test_a_slip_is_named(name, wrong, said):
    with pytest.raises(CheckFailed, match=f"^{name}: .*({said})") as failed:
        getattr(checks.interpretability, name)(wrong)
    assert str(failed.value).endswith(".")


@pytest.mark.parametrize(
    ("name", "right"),
    [
        *((name, covering()) for name in ("occlusion_map",)),
        ("activations", kept()),
        ("activations", stopped),
        ("activations", lambda *given: kept()(*given).requires_grad_()),  # of itself, and nothing leads through it
        ("top_patches", best()),
        ("saliency", derived()),
        ("grad_cam", cam()),
        ("integrated_gradients", path()),
        *((name, RIGHT[name]) for name in ("occlusion_map", "activations", "top_patches", "saliency", "grad_cam")),
    ],
)
def test_right_work_passes(name, right, capsys):
    """So each of the slips above is the only one."""
    getattr(checks.interpretability, name)(right)
    assert "✓" in capsys.readouterr().out


def test_a_window_in_another_place_is_told():
    def shifted(box, shape):
        return box if box[2] == shape[2] else (box[0] + 1, box[1], box[2] + 1, box[3])

    with pytest.raises(CheckFailed, match="must begin at row"):
        checks.interpretability.top_patches(best(shifted))


def test_the_notebooks_own_torch_is_left_alone():
    """Models are made, and no random number of the notebook's own is drawn for them."""
    state = torch.get_rng_state()
    torch.set_default_dtype(torch.float64)
    try:
        for name in ("occlusion_map", "activations", "top_patches", "saliency", "grad_cam"):
            with torch.no_grad():
                getattr(checks.interpretability, name)(RIGHT[name])
    finally:
        torch.set_default_dtype(torch.float32)
    assert torch.equal(state, torch.get_rng_state())
