using System.Collections.Frozen;
using System.Net.Http.Headers;
using IngressController.Http;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;
using Yarp.ReverseProxy.Transforms;

namespace IngressController.Forwarding;

/// <summary>The header fields of a request that the HTTP client sends. It stores some of them with the content.</summary>
internal sealed class MessageHeaders(HttpRequestMessage message) : BackendHeaders
{
    private static readonly FrozenSet<string> ContentHeaders = new[]
    {
        HeaderNames.Allow, HeaderNames.ContentDisposition, HeaderNames.ContentEncoding, HeaderNames.ContentLanguage, HeaderNames.ContentLength,
        HeaderNames.ContentLocation, HeaderNames.ContentMD5, HeaderNames.ContentRange, HeaderNames.ContentType, HeaderNames.Expires, HeaderNames.LastModified,
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    public override void Add(string name, StringValues values)
    {
        if (values.Count == 1 ? message.Headers.TryAddWithoutValidation(name, values[0]) : message.Headers.TryAddWithoutValidation(name, values.AsEnumerable()))
            return;
        // Content headers are forwarded without a body too (for example Content-Type on GET). YARP creates the empty content that it
        // permits there.
        if (message.Content is { } content)
            content.Headers.TryAddWithoutValidation(name, values.AsEnumerable());
        else
            RequestTransform.AddHeader(new RequestTransformContext { ProxyRequest = message }, name, values);
    }

    public override void Remove(string name)
    {
        // Access by the wrong one throws.
        if (ContentHeaders.Contains(name))
            message.Content?.Headers.Remove(name);
        else
            message.Headers.Remove(name);
    }

    public override void RemoveAll(HeaderNameSet names)
    {
        RemoveAll(message.Headers, names);
        if (message.Content is { } content)
            RemoveAll(content.Headers, names);
    }

    private static void RemoveAll(HttpHeaders headers, HeaderNameSet names)
    {
        List<string>? found = null;
        foreach (var (name, _) in headers.NonValidated)
        {
            if (names.Contains(name))
                (found ??= []).Add(name);
        }

        foreach (var name in found ?? [])
            headers.Remove(name);
    }
}
