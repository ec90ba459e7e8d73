# etcd and kube-apiserver from the folder of KUBEBUILDER_ASSETS, which is the build context. The base is the image under test, because it is
# always available and has the C library that etcd may need.
ARG BASE
FROM ${BASE}
COPY etcd kube-apiserver /usr/local/bin/
