# etcd and kube-apiserver from the folder of KUBEBUILDER_ASSETS, which is the context, on the image under test: that is sure to be there,
# and has the C library, which etcd may need.
ARG BASE
FROM ${BASE}
COPY etcd kube-apiserver /usr/local/bin/
