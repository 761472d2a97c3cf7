console.error('Error: the bundle could not be made')
process.exit(1)
