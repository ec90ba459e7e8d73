using System.Net.Sockets;

namespace IngressController.Kubernetes.Client;

/// <summary>Why a call failed, in words for whoever can do something about it.</summary>
public static class ApiFailure
{
    /// <param name="error">What the call threw.</param>
    /// <param name="permission">What to grant when it was forbidden: <c>the verb get on secrets</c>.</param>
    public static string Reason(Exception error, string permission) => error switch
    {
        ApiServerException { IsForbidden: true } refused => $"forbidden: {refused.Status?.Message ?? refused.Message}; grant {permission}",
        ApiServerException { IsUnauthorized: true } =>
            "the API server does not accept the credential (401); check the service account's token or the kubeconfig's user",
        ApiServerException { IsNotFound: true } => "the API server does not serve this resource (404)",
        HttpRequestException { InnerException: { } inner } => $"the API server cannot be reached: {inner.Message}",
        HttpRequestException or SocketException => $"the API server cannot be reached: {error.Message}",
        _ => error.Message,
    };
}
