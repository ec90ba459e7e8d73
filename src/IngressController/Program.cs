using IngressController.Cli;

return await CommandLine.InvokeAsync(args);
