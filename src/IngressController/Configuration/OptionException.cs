namespace IngressController.Configuration;

/// <summary>An option cannot be used, as the start shows. The message is one line that names the option.</summary>
public sealed class OptionException(string message, Exception? inner = null) : Exception(message, inner);
