namespace IngressController.Kubernetes.Client;

/// <summary>
/// The configuration or a credential cannot be used. The message names the file, the entry and what to do,
/// and never holds a credential.
/// </summary>
public sealed class KubeConfigException(string message, Exception? inner = null) : Exception(message, inner);
