"""Folders are read when a dataset is made, and each file when it is asked for; pixels as a list of bytes.

names: SegmentationDataset
"""

import os

import torch
from PIL import Image


def listed(folder):
    with os.scandir(folder) as entries:
        return {os.path.splitext(entry.name)[0]: entry.path for entry in entries if entry.is_file()}


class SegmentationDataset(torch.utils.data.Dataset):
    def __init__(self, images_dir, masks_dir, transform=None):
        super().__init__()
        self.images, self.masks, self.transform = listed(images_dir), listed(masks_dir), transform
        no_mask, no_image = self.images.keys() - self.masks.keys(), self.masks.keys() - self.images.keys()
        if no_mask or no_image:
            raise ValueError(f"no mask for {sorted(no_mask)}, no image for {sorted(no_image)}")
        self.order = sorted(self.images.keys())

    def __len__(self):
        return len(self.order)

    def __getitem__(self, index):
        stem = self.order[index]
        picture, labels = Image.open(self.images[stem]).convert("RGB"), Image.open(self.masks[stem])
        width, height = picture.size
        pixels = torch.tensor(list(picture.tobytes()), dtype=torch.uint8).reshape(height, width, 3)
        image = torch.stack([pixels[..., channel] for channel in range(3)]).to(torch.float32).div(255)
        mask = torch.frombuffer(bytearray(labels.tobytes()), dtype=torch.uint8).reshape(height, width).to(torch.int64)
        if self.transform:
            return self.transform(image, mask)
        return image, mask
