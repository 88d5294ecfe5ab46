"""What assignment 03 bans: torchvision's networks and their blocks, however they are reached."""

from autograder.objects.bans.families import FAMILIES
from autograder.objects.rule import Rule

# Functions by module; other modules' networks are none that the assignment asks for, or are made of these.
BUILDERS = {
    "alexnet": ("alexnet",),
    "vgg": ("vgg*", "_vgg", "make_layers"),
    "googlenet": ("googlenet",),
    "inception": ("inception_v3",),
    "resnet": ("resne*", "wide_resne*", "_resnet", "conv1x1", "conv3x3"),
    "_api": ("get_model", "get_model_builder"),
}
LISTS = {
    "architectures": Rule(
        refused=(),
        allowed=dict.fromkeys(FAMILIES, "Networks are made of layers, and the text bans ready networks alone."),
        sentence=(
            "Do not call or inherit from anything in `torchvision.models` here, but write the network yourself. "
            "All layers of `torch.nn` are allowed."
        ),
        library=(
            *(f"torchvision.models.{module}:{name}" for module, names in BUILDERS.items() for name in names),
            *(
                f"torchvision.models.{module}:*.{method}"
                for module in BUILDERS
                if module != "_api"
                for method in ("__init__", "forward")
            ),
            *(f"torchvision.ops.misc:SqueezeExcitation.{method}" for method in ("__init__", "forward")),
        ),
    ),
}
