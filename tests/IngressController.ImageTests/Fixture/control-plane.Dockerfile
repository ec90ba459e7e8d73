# etcd and kube-apiserver from the folder of KUBEBUILDER_ASSETS, which is the build context, on the image under test: it always exists, and it
# contains the C library, which etcd may need.
ARG BASE
FROM ${BASE}
COPY etcd kube-apiserver /usr/local/bin/
