using System.Buffers;
using System.Buffers.Text;
using IngressController.Http;
using IngressController.Upstream;
using Microsoft.Extensions.Primitives;
using Yarp.ReverseProxy.Model;

namespace IngressController.Features.SessionAffinity;

/// <summary>The cookie values of the endpoints of a cluster. Values are bound to the Service, so that those of another one are unknown.</summary>
internal abstract class SessionTable : EndpointView
{
    /// <summary>The endpoint of a cookie value; null if the value is not one of the cluster.</summary>
    public abstract DestinationState? Find(ReadOnlySpan<char> value);

    /// <summary>The endpoint of the first cookie with a name whose value is one of the cluster: cookies of other paths can have the same name.</summary>
    public DestinationState? Find(StringValues cookies, string name)
    {
        foreach (var value in RequestCookies.Values(cookies, name))
        {
            if (Find(value) is { } endpoint)
                return endpoint;
        }

        return null;
    }

    /// <summary>The cookie value for a new session on an endpoint; null if the endpoint is gone.</summary>
    public abstract string? ValueFor(DestinationState endpoint);

    /// <summary>Decodes a value of exactly the expected length.</summary>
    protected static bool TryDecode(ReadOnlySpan<char> value, Span<byte> bytes) =>
        value.Length == Base64Url.GetEncodedLength(bytes.Length)
        && Base64Url.DecodeFromChars(value, bytes, out _, out var written) == OperationStatus.Done && written == bytes.Length;
}
