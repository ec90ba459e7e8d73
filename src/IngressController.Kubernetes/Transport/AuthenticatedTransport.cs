using System.Net;
using System.Net.Http.Headers;
using IngressController.Kubernetes.Configuration;

namespace IngressController.Kubernetes.Transport;

/// <summary>
/// Sends requests with the current credential over the current connections; a 401 renews the credential and retries once. It is the last
/// handler that runs: it never calls its inner handler.
/// </summary>
internal sealed class AuthenticatedTransport(ApiServerConfiguration configuration, CredentialStore credentials, TransportPool transports)
    : DelegatingHandler
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (configuration.Impersonation is { } impersonation)
            Impersonate(request.Headers, impersonation);
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
            return await transports.Get(credential.Exec).SendAsync(request, cancellation).ConfigureAwait(false);
        }
        catch (HttpRequestException error) when (error.HttpRequestError == HttpRequestError.SecureConnectionError)
        {
            transports.Reload();
            throw;
        }
        catch (OperationCanceledException error) when (!cancellation.IsCancellationRequested && IsTimeout(error.InnerException))
        {
            // The handler reports a connect timeout as a cancellation, which callers would mistake for their own.
            throw new TimeoutException($"no connection to the API server within {configuration.Timeouts.Connect.TotalSeconds:0.#} s", error);
        }
    }

    private static bool IsTimeout(Exception? error) => error is TimeoutException || (error is not null && IsTimeout(error.InnerException));

    private static void Impersonate(HttpRequestHeaders headers, Impersonation impersonation)
    {
        headers.TryAddWithoutValidation("Impersonate-User", impersonation.User);
        if (!string.IsNullOrEmpty(impersonation.Uid))
            headers.TryAddWithoutValidation("Impersonate-Uid", impersonation.Uid);
        foreach (var group in impersonation.Groups)
            headers.TryAddWithoutValidation("Impersonate-Group", group);
        foreach (var (key, values) in impersonation.Extra)
        {
            // A key may have characters that a header name cannot have; the server decodes percent-encoding.
            foreach (var value in values)
                headers.TryAddWithoutValidation("Impersonate-Extra-" + Uri.EscapeDataString(key), value);
        }
    }
}
