using System.Net.Sockets;

namespace IngressController.Kubernetes.Client;

/// <summary>Explains failed calls to those who can fix the cause.</summary>
public static class ApiFailure
{
    /// <summary>Returns the reason of a failure and the remedy.</summary>
    /// <param name="error">The exception of the call.</param>
    /// <param name="permission">The permission to grant after a 403, such as <c>the verb get on secrets</c>.</param>
    public static string Reason(Exception error, string permission) => error switch
    {
        ApiServerException { IsForbidden: true } forbidden => $"forbidden: {forbidden.Status?.Message ?? forbidden.Message}; grant {permission}",
        ApiServerException { IsUnauthorized: true } =>
            "the API server does not accept the credential (401); check the service account's token or the kubeconfig's user",
        ApiServerException { IsNotFound: true } => "the API server does not serve this resource (404)",
        HttpRequestException { InnerException: { } inner } => $"the API server cannot be reached: {inner.Message}",
        HttpRequestException or SocketException => $"the API server cannot be reached: {error.Message}",
        _ => error.Message,
    };
}
