"""PyTorch's and torchvision's operators whose name `SPEAKS` of work that is to be written by hand, in families.

Names are those of the dispatcher, `aten::` left out; what only leads there (`to_mkldnn`) stands with them. A test
compares them with all operators of the PyTorch at hand: one that is new to it stands in no family yet, and makes the
test red. One that this PyTorch lacks is left out.
"""

_SIZES = "1d", "2d", "3d"
_KINDS = "nearest1d", "nearest2d", "nearest3d", "linear1d", "bilinear2d", "bicubic2d", "trilinear3d"
_UPSAMPLING = (
    *(f"upsample_{kind}" for kind in _KINDS),
    *(f"_upsample_nearest_exact{size}" for size in _SIZES),
    *("_upsample_bilinear2d_aa", "_upsample_bicubic2d_aa", "_upsample_lanczos2d_aa"),
)
_POOLING = (
    *("_adaptive_avg_pool2d", "_adaptive_avg_pool3d", "adaptive_max_pool2d", "adaptive_max_pool3d"),
    *("avg_pool2d", "avg_pool3d", "fractional_max_pool2d", "fractional_max_pool3d", "max_pool2d"),
    *("max_pool2d_with_indices", "max_pool3d_with_indices", "mkldnn_adaptive_avg_pool2d"),
    *("mkldnn_max_pool2d", "mkldnn_max_pool3d"),
)

FAMILIES: dict[str, tuple[str, ...]] = {
    # An argument says whether it is transposed.
    "convolution of either kind": (
        *("convolution", "_convolution", "convolution_overrideable", "convolution_backward"),
        *("convolution_backward_overrideable", "_convolution_double_backward"),
    ),
    "convolution": (
        *("conv1d", "conv2d", "conv3d", "_convolution_mode", "thnn_conv2d", "_slow_conv2d_forward"),
        *("_slow_conv2d_backward", "slow_conv3d", "slow_conv3d_forward", "slow_conv_dilated2d", "slow_conv_dilated3d"),
        *("mkldnn_convolution", "_nnpack_spatial_convolution", "_conv_depthwise2d", "conv_depthwise3d"),
        *("conv_tbc", "conv_tbc_backward", "mkldnn_prepacked::conv2d_run"),
        *("mkldnn::_convolution_pointwise", "mkldnn::_convolution_pointwise_", "onednn::qconv_pointwise"),
        *(f"onednn::qconv{size}_pointwise" for size in _SIZES),
        *(f"quantized::conv{size}{kind}" for size in _SIZES for kind in ("", "_relu", "_dynamic")),
        *("quantized::conv2d_add", "quantized::conv2d_add_relu"),
        *(f"_quantized::conv{size}{kind}" for size in ("2d", "3d") for kind in ("", "_relu")),
    ),
    "transposed convolution": (
        *(f"conv_transpose{size}" for size in _SIZES),
        *("slow_conv_transpose2d", "slow_conv_transpose3d", "mkldnn::_convolution_transpose_pointwise"),
        *(f"quantized::conv_transpose{size}{kind}" for size in _SIZES for kind in ("", "_dynamic")),
        *("_quantized::conv_transpose1d", "_quantized::conv_transpose2d"),
    ),
    "deformable convolution": ("torchvision::deform_conv2d", "torchvision::_deform_conv2d_backward"),
    "columns": ("im2col",),
    "columns put back": ("col2im",),
    "tensors in oneDNN's layout": (
        *("to_mkldnn", "mkldnn_reorder_conv2d_weight", "mkldnn_reorder_conv3d_weight"),
        *("mkldnn::_reorder_convolution_weight", "mkldnn::_reorder_convolution_transpose_weight"),
        *("mkldnn::_reorder_linear_weight", "mkldnn::_reorder_mkldnn_rnn_layer_weight"),
        "mkldnn_prepacked::conv2d_prepack",
    ),
    "windows": ("unfold", "unfold_copy"),
    "gradient of windows": ("unfold_backward",),
    "pooling": (
        *_POOLING,
        *(f"{operator}_backward" for operator in _POOLING),
        *("avg_pool1d", "adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d", "adaptive_max_pool1d"),
        *("adaptive_avg_pool3d_backward", "max_pool1d", "max_pool1d_with_indices", "max_pool3d"),
        *(f"quantized_max_pool{size}" for size in _SIZES),
        *("quantized::max_pool1d", "quantized::max_pool2d"),
    ),
    "unpooling": ("max_unpool2d", "max_unpool3d"),
    "resizing": (*_UPSAMPLING, *(f"{operator}_backward" for operator in _UPSAMPLING)),
    "pixels at given places": (
        *("grid_sampler", "grid_sampler_2d", "grid_sampler_3d", "grid_sampler_2d_backward"),
        *("grid_sampler_3d_backward", "_grid_sampler_2d_cpu_fallback", "_grid_sampler_2d_cpu_fallback_backward"),
    ),
    "pooling of regions": (
        *("torchvision::roi_pool", "torchvision::_roi_pool_backward"),
        *("torchvision::ps_roi_pool", "torchvision::_ps_roi_pool_backward"),
    ),
    "regions resized": (
        *("torchvision::roi_align", "torchvision::_roi_align_backward", "torchvision::qroi_align"),
        *("torchvision::ps_roi_align", "torchvision::_ps_roi_align_backward"),
    ),
}

# Refused by no ban, and why.
HARMLESS: dict[str, tuple[str, ...]] = {
    "It packs weights for a quantized convolution, or reads them back; the convolution itself is refused.": (
        *(f"quantized::conv{kind}_prepack" for kind in ("", "1d", "2d", "3d", *(f"_transpose{s}" for s in _SIZES))),
        *(f"quantized::conv{kind}_unpack" for kind in ("", "1d", "2d", "3d", *(f"_transpose{s}" for s in _SIZES))),
        *("quantized::conv2d_unpack_sizes", "onednn::qconv_prepack"),
        *(
            f"quantized::conv{kind}_{of}"
            for kind in ("2d", "3d", "_transpose2d", "_transpose3d")
            for of in ("dilation", "groups", "output_padding", "padding", "stride", "transpose")
        ),
        *("_quantized::conv2d_prepack", "_quantized::conv3d_prepack"),
        *(f"_quantized::conv_transpose{size}_prepack" for size in _SIZES),
    ),
    "It is TorchScript's alone, and what it calls is refused.": (
        *("__interpolate", "__upsample", "__upsample_bilinear", "__upsample_nearest", "prim::mkldnn_convolution"),
    ),
    "It has no kernel on a CPU.": (
        *("cudnn_convolution", "cudnn_convolution_add_relu", "cudnn_convolution_relu", "cudnn_convolution_transpose"),
        *("cudnn_grid_sampler", "cudnn_grid_sampler_backward", "miopen_convolution", "miopen_convolution_add_relu"),
        *("miopen_convolution_relu", "miopen_convolution_transpose", "miopen_depthwise_convolution"),
        *("_mps_convolution", "_mps_convolution_transpose", "mps_convolution_backward"),
        *("mps_convolution_transpose_backward", "_convert_weight_to_int4pack"),
    ),
    "It has nothing to do with images but its name.": (
        *("_convert_indices_from_coo_to_csr", "_convert_indices_from_csr_to_coo", "_philox_key_fold_in"),
        *("_convert_weight_to_int4pack_for_cpu", "prims::convert_element_type", "inductor::_alloc_from_pool"),
        *("inductor::_reinterpret_tensor", "mempool::begin", "mempool::end"),
    ),
}
