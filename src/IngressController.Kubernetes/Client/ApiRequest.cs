using System.Net;
using System.Net.Http.Headers;

namespace IngressController.Kubernetes.Client;

/// <summary>One request before it is bound to a credential, so that it can be sent again with another one.</summary>
internal sealed record ApiRequest(HttpMethod Method, string PathAndQuery)
{
    /// <summary>The media types that are accepted, the best first.</summary>
    public string Accept { get; init; } = "application/json";

    public bool AcceptsGzip { get; init; }

    /// <summary>The body; null for none. Bytes, so that it can be sent again.</summary>
    public byte[]? Body { get; init; }

    /// <summary>The media type of the body.</summary>
    public string ContentType { get; init; } = "application/json";

    /// <summary>Asked right before the body goes out; what it throws ends the request, of which the server then has no whole body. Null: nobody is asked.</summary>
    public Action? BeforeBody { get; init; }

    public string Action => $"{Method} {PathAndQuery}";

    public HttpRequestMessage ToMessage(string server, KubernetesClientConfiguration configuration, Credential credential)
    {
        var message = new HttpRequestMessage(Method, server + PathAndQuery)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
        };
        message.Headers.TryAddWithoutValidation("Accept", Accept);
        message.Headers.TryAddWithoutValidation("User-Agent", configuration.UserAgent);
        message.Headers.Authorization = credential.Authorization;
        if (Body is not null)
        {
            message.Content = BeforeBody is null ? new ByteArrayContent(Body) : new GuardedContent(Body, BeforeBody);
            message.Content.Headers.ContentType = new MediaTypeHeaderValue(ContentType);
        }

        if (AcceptsGzip)
            message.Headers.AcceptEncoding.Add(new StringWithQualityHeaderValue("gzip"));
        if (configuration.Impersonation is { } other)
            Impersonate(message.Headers, other);
        return message;
    }

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
