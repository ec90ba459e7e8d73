using System.Net;
using System.Net.Http.Headers;
using IngressController.Kubernetes.Configuration;

namespace IngressController.Kubernetes.Transport;

/// <summary>
/// Sends with the current credential over the current connections; a 401 renews the credential and tries once more. It is the last handler,
/// whatever is behind it.
/// </summary>
internal sealed class AuthenticatedTransport(ApiServerConfiguration configuration, CredentialStore credentials, TransportPool transports)
    : DelegatingHandler
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (configuration.Impersonation is { } other)
            Impersonate(request.Headers, other);
        for (var isRetry = false; ; isRetry = true)
        {
            var credential = await credentials.GetAsync(cancellationToken).ConfigureAwait(false);
            request.Headers.Authorization = credential.Authorization;
            var response = await SendAsync(request, credential, cancellationToken).ConfigureAwait(false);
            if (response.StatusCode != HttpStatusCode.Unauthorized || !credentials.Invalidate(credential) || isRetry)
                return response;
            response.Dispose();
        }
    }

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, Credential credential, CancellationToken cancellation)
    {
        try
        {
            return await transports.For(credential.Exec).SendAsync(request, cancellation).ConfigureAwait(false);
        }
        catch (HttpRequestException error) when (error.HttpRequestError == HttpRequestError.SecureConnectionError)
        {
            transports.Recheck();
            throw;
        }
        catch (OperationCanceledException error) when (!cancellation.IsCancellationRequested && IsTimeout(error.InnerException))
        {
            // The handler calls that cancelled, too, and who did not cancel anything would take it for the end of his work.
            throw new TimeoutException($"no connection to the API server within {configuration.Timeouts.Connect.TotalSeconds:0.#} s", error);
        }
    }

    private static bool IsTimeout(Exception? error) => error is TimeoutException || (error is not null && IsTimeout(error.InnerException));

    private static void Impersonate(HttpRequestHeaders headers, Impersonation other)
    {
        headers.TryAddWithoutValidation("Impersonate-User", other.User);
        if (!string.IsNullOrEmpty(other.Uid))
            headers.TryAddWithoutValidation("Impersonate-Uid", other.Uid);
        foreach (var group in other.Groups)
            headers.TryAddWithoutValidation("Impersonate-Group", group);
        foreach (var (key, values) in other.Extra)
        {
            // A header's name cannot hold every character a key may have: the server decodes percent signs.
            foreach (var value in values)
                headers.TryAddWithoutValidation("Impersonate-Extra-" + Uri.EscapeDataString(key), value);
        }
    }
}
