"""The network of HRNet for poses (Sun et al., 2019), its parts named as in the published files."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

JOINTS = 17


class PoseHRNet(nn.Module):
    """Four branches at falling resolution that exchange what they see; heatmaps from the finest.

    `width` is the channels of the finest branch: 32 or 48.
    """

    def __init__(self, width: int = 48, joints: int = JOINTS) -> None:
        super().__init__()
        widths = [width * 2**branch for branch in range(4)]
        self.conv1 = nn.Conv2d(3, 64, 3, 2, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.conv2 = nn.Conv2d(64, 64, 3, 2, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(64)
        self.relu = nn.ReLU(inplace=True)
        self.layer1 = nn.Sequential(
            Bottleneck(64, 64), Bottleneck(256, 64), Bottleneck(256, 64), Bottleneck(256, 64)
        )
        # A list with nothing in its first places keeps the published numbering of the rest.
        self.transition1 = nn.ModuleList(
            [_conv(256, widths[0], 1), nn.Sequential(_conv(256, widths[1], 2))]
        )
        self.stage2 = nn.Sequential(Exchange(widths[:2]))
        self.transition2 = _new_branch(2, widths)
        self.stage3 = nn.Sequential(*(Exchange(widths[:3]) for _ in range(4)))
        self.transition3 = _new_branch(3, widths)
        self.stage4 = nn.Sequential(
            Exchange(widths), Exchange(widths), Exchange(widths, only_finest=True)
        )
        self.final_layer = nn.Conv2d(widths[0], joints, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, 3, H, W) normalised RGB to (B, joints, H/4, W/4) heatmaps."""
        x = self.relu(self.bn1(self.conv1(x)))
        x = self.relu(self.bn2(self.conv2(x)))
        x = self.layer1(x)
        branches = self.stage2([branch(x) for branch in self.transition1])
        branches = self.stage3([*branches, self.transition2[2](branches[-1])])
        branches = self.stage4([*branches, self.transition3[3](branches[-1])])
        heatmaps: Tensor = self.final_layer(branches[0])
        return heatmaps


class Exchange(nn.Module):
    """Four residual blocks in every branch, then every branch adds what the others have."""

    def __init__(self, widths: Sequence[int], only_finest: bool = False) -> None:
        super().__init__()
        self.branches = nn.ModuleList(
            nn.Sequential(*(BasicBlock(width) for _ in range(4))) for width in widths
        )
        targets = 1 if only_finest else len(widths)
        self.fuse_layers = nn.ModuleList(
            nn.ModuleList(_exchange(widths, source, target) for source in range(len(widths)))
            for target in range(targets)
        )
        self.relu = nn.ReLU(inplace=True)

    def forward(self, branches: list[Tensor]) -> list[Tensor]:
        """Branches finest first, each (B, C, h, w)."""
        branches = [block(x) for block, x in zip(self.branches, branches, strict=True)]
        fused = []
        for target in self.fuse_layers:
            assert isinstance(target, nn.ModuleList)
            parts = [layer(x) for layer, x in zip(target, branches, strict=True)]
            fused.append(self.relu(sum(parts[1:], parts[0])))
        return fused


class BasicBlock(nn.Module):
    """Two 3x3 convolutions and the way around them."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, h, w) to the same."""
        y = self.relu(self.bn1(self.conv1(x)))
        out: Tensor = self.relu(self.bn2(self.conv2(y)) + x)
        return out


class Bottleneck(nn.Module):
    """1x1, 3x3 and 1x1 convolutions to four times `width`, and the way around them."""

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        out = width * 4
        self.conv1 = nn.Conv2d(channels, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, out, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(out)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = (
            nn.Identity()
            if channels == out
            else nn.Sequential(nn.Conv2d(channels, out, 1, bias=False), nn.BatchNorm2d(out))
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, channels, h, w) to (B, 4 width, h, w)."""
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.relu(self.bn2(self.conv2(y)))
        out: Tensor = self.relu(self.bn3(self.conv3(y)) + self.downsample(x))
        return out


def _conv(channels: int, out: int, stride: int, relu: bool = True) -> nn.Sequential:
    """A 3x3 convolution with its normalisation."""
    parts = [nn.Conv2d(channels, out, 3, stride, 1, bias=False), nn.BatchNorm2d(out)]
    return nn.Sequential(*parts, *([nn.ReLU(inplace=True)] if relu else []))


def _new_branch(at: int, widths: Sequence[int]) -> nn.ModuleList:
    """The branches that are there go on as they are; the last one begins one more, half as fine."""
    new = nn.Sequential(_conv(widths[at - 1], widths[at], 2))
    return nn.ModuleList([*(nn.Identity() for _ in range(at)), new])


def _exchange(widths: Sequence[int], source: int, target: int) -> nn.Module:
    """What takes branch `source` to the shape of branch `target`."""
    if source == target:
        return nn.Identity()
    if source > target:  # coarser: fewer channels, then larger
        return nn.Sequential(
            nn.Conv2d(widths[source], widths[target], 1, bias=False),
            nn.BatchNorm2d(widths[target]),
            nn.Upsample(scale_factor=2 ** (source - target), mode="nearest"),
        )
    halvings = target - source
    steps = [_conv(widths[source], widths[source], 2) for _ in range(halvings - 1)]
    return nn.Sequential(*steps, _conv(widths[source], widths[target], 2, relu=False))
