using System.Buffers;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using IngressController.Http;
using IngressController.Routing.Settings;
using Microsoft.Extensions.Primitives;

namespace IngressController.TrustedProxies;

/// <summary>
/// Whom to believe about where a request comes from, and what the backend is told of it. Immutable; swapped when the settings change.
/// </summary>
internal sealed class ForwardingRules
{
    private const int LongestRequestId = 200;

    /// <summary>What ids of all tracing systems are made of; they end up in logs, so nothing that needs quoting.</summary>
    private static readonly SearchValues<char> RequestIdCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~:=+/@;|");

    private static readonly SearchValues<char> HostCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._:[]");

    private readonly bool _isOwnHeader;

    private ForwardingRules(ForwardingSettings settings)
    {
        Settings = settings;
        _isOwnHeader = settings.TrustsPeers && !settings.ForwardedForHeader.Equals("X-Forwarded-For", StringComparison.OrdinalIgnoreCase);
    }

    public ForwardingSettings Settings { get; }

    /// <summary>The rules; null when all is as by default, so that a request has nothing to ask them.</summary>
    public static ForwardingRules? Of(ForwardingSettings settings) => settings == ForwardingSettings.Default ? null : new ForwardingRules(settings);

    /// <summary>Makes the request look as if the client had sent it here itself, if a believed proxy did.</summary>
    /// <returns>The id that proxy gave the request; null when it needs a new one.</returns>
    public string? Identify(HttpContext context)
    {
        var connection = context.Connection;
        if (!Settings.TrustsPeers || connection.RemoteIpAddress is not { } address || !Settings.ProxyRealIpCidr.Contains(address))
            return null;

        var headers = context.Request.Headers;
        var peer = new IPEndPoint(AddressChain.Plain(address), connection.RemotePort);
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

    /// <summary>Whether the backend gets the request's id.</summary>
    public bool SendsRequestId(ReceivedConnection? received) => Settings.GenerateRequestId || received is { HasRequestId: true };

    /// <summary>What else the backend gets, after the headers that all requests have.</summary>
    public void AddHeaders(HttpContext context, ReceivedConnection? received, HttpRequestHeaders headers)
    {
        if (Settings.ProxyAddOriginalUriHeader)
        {
            headers.Remove("X-Original-URI");
            headers.TryAddWithoutValidation("X-Original-URI", RequestTarget.Of(context).PathAndQuery);
        }

        if (received?.Chain is { } chain)
            headers.TryAddWithoutValidation("X-Original-Forwarded-For", chain);

        // Backends will take the operator's word that this header tells the client, so from others it must not come.
        if (_isOwnHeader && received is null)
            headers.Remove(Settings.ForwardedForHeader);
    }

    /// <summary>Takes scheme, host and port from the headers of a believed proxy.</summary>
    /// <param name="context">The request.</param>
    /// <param name="received">Its connection.</param>
    /// <param name="hops">
    /// How many proxies are known to have had the request. Proxies that write these headers behind one another write as many values as
    /// addresses, so the value that belongs to the client stands this far from the end; more to the left is what the client itself sent.
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

    /// <summary>The value <paramref name="fromEnd"/> places from the end, counted from 1; the first one of shorter lists. Null when there is none.</summary>
    private static string? Value(StringValues lines, int fromEnd)
    {
        if (lines.Count == 0)
            return null;
        var values = lines.ToString().Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return values.Length == 0 ? null : values[Math.Max(values.Length - fromEnd, 0)];
    }

    private static string? RequestId(StringValues values) =>
        values.Count == 1 && values[0] is { Length: > 0 and <= LongestRequestId } id && !id.AsSpan().ContainsAnyExcept(RequestIdCharacters) ? id : null;
}
