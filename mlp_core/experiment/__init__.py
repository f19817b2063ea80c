"""The experiment that this project grew from: CIFAR-2 or any folder of images, a network trained by hand and by torch.

Needs `pip install "mlp_core[experiment]"` (torchvision, safetensors, matplotlib); normalise.py needs only torch.
"""
