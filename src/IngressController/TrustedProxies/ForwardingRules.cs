using System.Buffers;
using System.Globalization;
using System.Net;
using IngressController.Http;
using IngressController.Routing.Settings;
using Microsoft.Extensions.Primitives;

namespace IngressController.TrustedProxies;

/// <summary>
/// The rules for forwarding headers: which peers are trusted, and which headers the backend receives. Immutable; replaced if the settings
/// change.
/// </summary>
internal sealed class ForwardingRules
{
    private const int MaxRequestIdLength = 200;

    /// <summary>The characters of request ids of common tracing systems. Ids are logged, so none of them needs quoting.</summary>
    private static readonly SearchValues<char> RequestIdCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~:=+/@;|");

    private static readonly SearchValues<char> HostCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._:[]");

    private readonly bool _usesCustomHeader;

    private ForwardingRules(ForwardingSettings settings)
    {
        Settings = settings;
        _usesCustomHeader = settings.TrustsPeers && !settings.ForwardedForHeader.Equals("X-Forwarded-For", StringComparison.OrdinalIgnoreCase);
    }

    public ForwardingSettings Settings { get; }

    /// <summary>The rules; null if all settings have their defaults, so that requests skip them.</summary>
    public static ForwardingRules? Of(ForwardingSettings settings) => settings == ForwardingSettings.Default ? null : new ForwardingRules(settings);

    /// <summary>Sets address, scheme and host of the request to those of the client, if a trusted proxy sent it.</summary>
    /// <returns>The request id that the proxy sent; null if a new one is needed.</returns>
    public string? Identify(HttpContext context)
    {
        var connection = context.Connection;
        if (!Settings.TrustsPeers || connection.RemoteIpAddress is not { } address || !Settings.ProxyRealIpCidr.Contains(address))
            return null;

        var headers = context.Request.Headers;
        var peer = new IPEndPoint(AddressChain.Unmap(address), connection.RemotePort);
        var lines = headers[Settings.ForwardedForHeader];
        var client = AddressChain.Client(lines, peer, Settings.ProxyRealIpCidr, out var entries);
        connection.RemoteIpAddress = client.Address;
        connection.RemotePort = client.Port;

        var chain = lines.Count == 0 ? null : string.Join(", ", lines.AsEnumerable());
        var id = RequestId(headers["X-Request-ID"]);
        var received = new ReceivedConnection(peer.Address, context.Request.IsHttps)
        {
            Chain = chain,
            FullChain = Settings.ComputeFullForwardedFor ? (chain is null ? peer.Address.ToString() : $"{chain}, {peer.Address}") : null,
            HasRequestId = id is not null,
        };
        context.Features.Set(Settings.UseForwardedHeaders ? WithHeaders(context, received, Math.Max(entries, 1)) : received);
        return id;
    }

    /// <summary>True if the backend receives the request id.</summary>
    public bool SendsRequestId(ReceivedConnection? received) => Settings.GenerateRequestId || received is { HasRequestId: true };

    /// <summary>Adds the headers that the settings require to the forwarding headers of all requests.</summary>
    /// <param name="requestUri">Path and query as received.</param>
    /// <param name="received">The connection of a trusted proxy; null for all other peers.</param>
    /// <param name="headers">The headers of the request to the backend.</param>
    public void AddHeaders(string requestUri, ReceivedConnection? received, BackendHeaders headers)
    {
        if (Settings.ProxyAddOriginalUriHeader)
        {
            headers.Remove("X-Original-URI");
            headers.Add("X-Original-URI", requestUri);
        }

        if (received?.Chain is { } chain)
            headers.Add("X-Original-Forwarded-For", chain);

        // Backends trust the operator's header for the client address, so it is removed unless a trusted proxy sent it.
        if (_usesCustomHeader && received is null)
            headers.Remove(Settings.ForwardedForHeader);
    }

    /// <summary>Reads scheme, host and port from the headers of a trusted proxy.</summary>
    /// <param name="context">The request.</param>
    /// <param name="received">Its connection.</param>
    /// <param name="hops">
    /// Number of proxies that are known to have forwarded the request. Proxies that append to these headers write as many values as
    /// addresses, so the client's value is this far from the end; values further left were sent by the client itself.
    /// </param>
    private static ReceivedConnection WithHeaders(HttpContext context, ReceivedConnection received, int hops)
    {
        var headers = context.Request.Headers;
        if (Value(headers["X-Forwarded-Proto"], hops) is { } scheme)
        {
            if (scheme.Equals("https", StringComparison.OrdinalIgnoreCase))
                context.Request.Scheme = "https";
            else if (scheme.Equals("http", StringComparison.OrdinalIgnoreCase))
                context.Request.Scheme = "http";
        }

        var host = Value(headers["X-Forwarded-Host"], hops);
        if (host is not null && host.AsSpan().ContainsAnyExcept(HostCharacters))
            host = null;
        var port = Value(headers["X-Forwarded-Port"], hops);
        if (port is not null && !(ushort.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0))
            port = null;
        return received with { ForwardedHost = host, ForwardedPort = port };
    }

    /// <summary>
    /// The value <paramref name="fromEnd"/> places from the end, counted from 1; the first one of shorter lists. Null if there is none.
    /// </summary>
    private static string? Value(StringValues lines, int fromEnd)
    {
        if (lines.Count == 0)
            return null;
        var values = lines.ToString().Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return values.Length == 0 ? null : values[Math.Max(values.Length - fromEnd, 0)];
    }

    private static string? RequestId(StringValues values) =>
        values.Count == 1 && values[0] is { Length: > 0 and <= MaxRequestIdLength } id && !id.AsSpan().ContainsAnyExcept(RequestIdCharacters) ? id : null;
}
