namespace IngressController.Upstream;

/// <summary>
/// Prevents the retries of the HTTP client over HTTP/2. It would send the request again with a body that was read already, always to the same
/// endpoint, and unlimited by a budget.
/// </summary>
internal static class HttpClientRetries
{
    /// <summary>The version of requests that were written, equal to HTTP/2. A mark that costs no memory.</summary>
    private static readonly Version Written = new(2, 0);

    /// <summary>Throws if the request was written before. Called once each time that it is written.</summary>
    public static void Refuse(HttpRequestMessage request)
    {
        if (request.Version.Major != 2)
            return;
        if (ReferenceEquals(request.Version, Written))
            throw new UpstreamRefusedException();
        request.Version = Written;
    }
}
