using IngressController.Exchanges;
using IngressController.Http;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace IngressController.Listeners;

/// <summary>Makes a scheme in capitals acceptable in an absolute target (<c>GET HTTP://host/</c>).</summary>
internal static class AbsoluteFormScheme
{
    /// <summary>Connection middleware after that of TLS. HTTP/2 has no absolute form.</summary>
    public static ConnectionDelegate Use(ConnectionDelegate next) => connection =>
    {
        if (!connection.IsHttp2)
        {
            connection.ReadThrough(input =>
            {
                var reader = new AbsoluteFormReader(input);
                connection.Features.GetRequiredFeature<ClientConnection>().RequestLines = reader;
                return reader;
            });
        }

        return next(connection);
    };
}
