using IngressController.Routing.Tests.Architecture;

namespace IngressController.Tests.Architecture;

/// <summary>
/// The layers of each project, from bottom to top: a folder knows those of the layers below. <c>X.*</c> stands for each folder below X, by itself.
/// </summary>
internal static class Layers
{
    public static readonly Layer[] Kubernetes =
    [
        new("Serialization"),
        new("Resources", "Validation"),
        new("Configuration"),
        new("Transport"),
        new("Client"),
        new("Watching", "Leasing"),
    ];

    public static readonly Layer[] Routing =
    [
        new("Expressions"),
        new("Values"),
        new("Diagnostics"),
        new("Cluster", "Table"),
        new("Annotations"),
        new("Settings"),
        new("Features"),
        new("Features.*"),
        new("Catalog"),
        new("Translation"),
    ];

    public static readonly Layer[] Host =
    [
        // Bytes of the protocol.
        new("Http2"),
        // Ground: options and vocabulary.
        new("Configuration", "Metrics", "Signals", "Http", "Logging"),
        // Sockets.
        new("EventLoops"),
        // What clients have open.
        new("Exchanges"),
        // What all clients together may take.
        new("Overload"),
        // What a request or a revision is made of.
        new("Sources", "Tls", "Shutdown", "TrustedProxies", "Matching"),
        new("Sources.Kubernetes", "Sources.Folder", "Upstream"),
        new("Pipeline"),
        new("Features.*", "Forwarding"),
        new("Proxy"),
        new("Reconciliation", "Listeners", "Leadership"),
        new("Status", "Events"),
        // JSON and commands on top.
        new("Views"),
        new("Explain"),
        new("Admin"),
        new("Hosting", "Demo"),
        new("Cli", ""),
    ];
}
